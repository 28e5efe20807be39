"""What the settings promise."""

import os
import re
import stat
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings as live_settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.urls import reverse

from labsite.keyfiles import read_or_make
from migrations_app import checks, crypto
from migrations_app.services.codes import Code
from migrations_app.words import ERRORS


def test_behind_tls_the_deployment_check_names_the_missing_broker_and_nothing_else(tmp_path):
    told = {"MIGRATION_LAB_DATA": str(tmp_path), "MIGRATION_LAB_URL": "https://lab.example"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        env=os.environ | told | {"REDIS_URL": "redis://127.0.0.1:1/0"},
        cwd=live_settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "W001" in done.stderr and "scripts/up" in done.stderr
    assert "1 issue" in done.stderr


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path):
    path = tmp_path / "new" / "secret"
    assert read_or_make(path, lambda: "first") == "first"
    assert read_or_make(path, lambda: "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_a_key_on_top_rotates_and_old_secrets_stay_readable(settings):
    sealed = crypto.encrypt("old")
    path = settings.CREDENTIALS_KEY_FILE
    old = path.read_text()
    path.write_text(f"{Fernet.generate_key().decode()}\n{old}\n")
    assert crypto.decrypt(sealed) == "old"
    newer = crypto.encrypt("new")
    path.write_text(old)
    with pytest.raises(InvalidToken):
        crypto.decrypt(newer)


def test_a_key_file_that_others_can_read_is_an_error(settings):
    settings.CREDENTIALS_KEY_FILE.chmod(0o644)
    assert [found.id for found in checks.credentials_key_is_private(None)] == [
        "migrations_app.E001"
    ]
    settings.CREDENTIALS_KEY_FILE.chmod(0o600)
    assert checks.credentials_key_is_private(None) == []


def test_a_socket_path_that_is_too_long_is_an_error(settings):
    settings.REDIS_URL = "unix:///" + "x" * 120
    assert [found.id for found in checks.redis_socket_path_fits(None)] == ["migrations_app.E002"]


def test_the_vendored_files_are_all_there():
    assert checks.vendored_files_are_there(None) == []


def test_a_vendored_file_that_is_missing_is_named(settings, tmp_path):
    folder = tmp_path / "static" / "vendor"
    folder.mkdir(parents=True)
    (folder / "lock.json").write_text('{"packages": [{"files": [{"path": "htmx/x.js"}]}]}')
    settings.BASE_DIR = tmp_path
    assert "htmx/x.js" in checks.vendored_files_are_there(None)[0].msg


def test_nothing_else_is_wrong():
    assert [found for found in run_checks() if found.id != "migrations_app.W001"] == []


def test_pages_forbid_everything_foreign(client, db):
    policy = client.get(reverse("login"))["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert not re.search(r"unsafe|https?:|\*", policy)


def test_guessing_locks_one_name_from_one_address_only(client, db):
    User.objects.create_user("one", password="right")
    User.objects.create_user("two", password="right")

    def sign_in(name, password, address="10.0.0.1"):
        data = {"username": name, "password": password}
        return client.post(reverse("login"), data, REMOTE_ADDR=address).status_code

    for _ in range(live_settings.AXES_FAILURE_LIMIT):
        sign_in("one", "wrong")
    assert sign_in("one", "right") == 429  # with a page that says so
    assert sign_in("two", "right") == 302
    assert sign_in("one", "right", "10.0.0.2") == 302


NO_TROUBLE = {Code.CLAIMED, Code.COMPLETED}


@pytest.mark.parametrize("code", sorted(set(Code) - NO_TROUBLE))
def test_every_code_is_worded(code):
    assert code in ERRORS
