"""What was vendored is what the lock says, with its licence beside it."""

import hashlib
import json

import pytest
from django.conf import settings

VENDOR = settings.BASE_DIR / "static" / "vendor"
LOCK = json.loads((VENDOR / "lock.json").read_text())
FILES = [
    (file["path"], file["sha256"]) for package in LOCK["packages"] for file in package["files"]
]


@pytest.mark.parametrize(("path", "sha256"), FILES)
def test_a_vendored_file_has_the_hash_of_the_lock(path, sha256):
    assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == sha256


def test_nothing_is_vendored_that_the_lock_does_not_name():
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert there == {path for path, _ in FILES} | {"lock.json"}


@pytest.mark.parametrize("package", LOCK["packages"], ids=lambda package: package["name"])
def test_a_package_names_its_version_and_brings_its_licence(package):
    assert package["version"] and package["licence"] == "MIT"
    assert any(file["path"].endswith("/LICENSE") for file in package["files"])
