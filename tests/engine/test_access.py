"""The lines that let the site in, and that nothing else gets into them."""

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.crypto import new_private_key, public_line
from migrations_app.engine.errors import NotPossible
from migrations_app.engine.hosts import access, helper
from migrations_app.engine.hosts.ssh import _why_not_started

PUBLIC = public_line(new_private_key())


def pasted(home, user="root", public=PUBLIC) -> str:
    """authorized_keys after the block was pasted, by a real shell; sudo's part left out."""
    words = access.block(user, public).splitlines()
    script = "\n".join(line for line in words if "sudo" not in line)
    subprocess.run(["sh", "-eu"], input=script, env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
                   text=True, check=True)  # fmt: skip
    return (home / ".ssh" / "authorized_keys").read_text()


def test_the_pasted_block_lets_the_key_in_without_a_terminal_or_forwarding(tmp_path):
    assert pasted(tmp_path) == f"restrict {PUBLIC}\n"
    assert (tmp_path / ".ssh").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".ssh/authorized_keys").stat().st_mode & 0o777 == 0o600


def test_pasting_twice_and_beside_other_keys_loses_nothing(tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/authorized_keys").write_text("ssh-ed25519 AAAA somebody\n")
    pasted(tmp_path)
    assert pasted(tmp_path).splitlines() == ["ssh-ed25519 AAAA somebody", f"restrict {PUBLIC}"]


def test_root_needs_no_sudoers_line_and_another_user_one():
    assert "sudo" not in access.block("root", PUBLIC)
    assert access.sudoers_line("lab") in access.block("lab", PUBLIC)
    assert access.sudoers_line("lab").endswith(" ".join(access.helper_argv()[2:]))


def test_the_user_may_start_the_helper_by_its_fixed_name_and_nothing_with_a_wildcard():
    assert not set("*?[]") & set(access.sudoers_line("lab"))


@given(st.text())
def test_no_text_gets_into_authorized_keys_that_is_not_one_key(text):
    if re.fullmatch(access.PUBLIC_KEY, text):
        return
    with pytest.raises(NotPossible):
        access.authorized_keys_line(text)


@given(st.text(alphabet=st.sampled_from("ab=AL()\n\r,#%!\\ :*\0'\"$`;")))
def test_no_user_brings_a_second_rule_into_sudoers(user):
    try:
        line = access.sudoers_line(user)
    except NotPossible:
        return
    assert line.count("\n") == 0
    assert shlex.split(line)[:3] == [user, "ALL=(root)", "NOPASSWD:"]


@pytest.mark.parametrize(
    "key",
    [f"{PUBLIC}\n", f"{PUBLIC}\nssh-ed25519 AAAA", f'command="x" {PUBLIC}'],
    ids=["line break", "second key", "command"],
)
def test_a_key_with_a_line_of_its_own_behind_it_is_refused(key):
    with pytest.raises(NotPossible):
        access.block("root", key)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("sudo: a password is required", "sudo-wants-password"),
        ("sudo: a terminal is required to read the password", "sudo-wants-password"),
        ("bash: line 1: sudo: command not found", "sudo-missing"),
        ("student is not in the sudoers file.", "sudo-refused"),
        ("python3: not found", "hostside-not-started"),
    ],
)
def test_sudos_own_words_tell_why_the_program_did_not_start(words, code):
    assert _why_not_started(words) == code


@pytest.mark.parametrize("name", ["../evil.py", "hostside-xyz.pyz", "", "hostside-" + "0" * 16])
def test_the_helper_starts_programs_of_ours_only(name):
    done = subprocess.run(
        ["python3", "-I", "-B", helper.__file__], input=f"{name}\n", text=True, capture_output=True
    )
    assert done.returncode == 1
    assert "no program of ours" in done.stderr
