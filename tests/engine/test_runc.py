"""runc's version, its folders, and the logs that error messages name."""

import pytest

from migrations_app.engine.tools import runc

from .samples import text

BUNDLE = "/run/containerd/io.containerd.runtime.v2.task/moby/71043d59"
# The words of runc through Docker, of a dump and of a restore, and of Podman.
MESSAGES = {
    "Cannot checkpoint container cr: runc did not terminate successfully: exit status 1: "
    f"criu failed: type NOTIFY errno 0 path= {BUNDLE}/criu-dump.log: unknown": (
        f"{BUNDLE}/criu-dump.log"
    ),
    "OCI runtime restore failed: criu failed: type NOTIFY errno 0\n"
    f"log file: {BUNDLE}/work/restore.log: unknown": f"{BUNDLE}/work/restore.log",
    "criu failed: type NOTIFY errno 0\nlog file: /var/lib/x/userdata/dump.log": (
        "/var/lib/x/userdata/dump.log"
    ),
    "Error response from daemon: No such container: cr": None,
}


@pytest.mark.parametrize(
    ("sample", "version"),
    [("runc-version.txt", "1.1.15+ds1"), ("podman-version.txt", "5.4.2")],
)
def test_version_is_read(sample: str, version: str):
    assert runc.parse_version(text(sample)) == version


def test_version_of_something_else_is_not_known():
    assert runc.parse_version("runc: not found") is None


@pytest.mark.parametrize(("message", "path"), MESSAGES.items())
def test_log_that_a_message_names_is_found(message: str, path: str | None):
    assert runc.criu_log_path(message) == path


def test_work_folders_are_the_containers_own():
    folders = runc.criu_work_folders("71043d59")
    assert all("71043d59" in folder.parts for folder in folders)
    assert f"{BUNDLE}/work" in map(str, folders)
