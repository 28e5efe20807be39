"""Whether Docker is still the one that made a job's container: else its exit codes mean nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import jobs, runtime, tree
from migrations_app.engine.hostside.checkpoints import container_restored
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Ran
from migrations_app.engine.tools import docker

from .samples import text


class Inspected:
    """Answers `docker inspect` with one container, in the state it was given."""

    def __init__(self, **state: Any) -> None:
        (found,) = json.loads(text("docker-inspect.json"))
        found["State"] |= state
        self.out = json.dumps([found])

    def __call__(self, argv: Sequence[str], **_: Any) -> Ran:
        return Ran(tuple(argv), 0, self.out, "", 0, 0)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """What /run/docker.pid names."""
    one = subprocess.Popen(["sleep", "60"])
    (tmp_path / "docker.pid").write_text(str(one.pid))
    monkeypatch.setattr(runtime, "DOCKER_PID", tmp_path / "docker.pid")
    yield one
    one.kill()
    one.wait()


def restored(root: Path, **state: Any) -> dict[str, Any]:
    fields = Fields({"job": "j-1", "name": "cr", "limit_s": 2}, root)
    return container_restored(fields, Inspected(**state))  # type: ignore[arg-type]


def note_maker(root: Path) -> None:
    jobs.note(Fields({"job": "j-1"}, root).job_folder(), docker=runtime.daemon())


def test_the_same_docker_says_how_it_ended(tmp_path: Path, daemon: subprocess.Popen[bytes]) -> None:
    note_maker(tmp_path)
    found = restored(tmp_path, Status="exited", ExitCode=0)
    assert (found["state"], found["exit_code"], found["docker_stayed"]) == ("exited", 0, True)


def test_another_docker_does_not_know(tmp_path: Path, daemon: subprocess.Popen[bytes]) -> None:
    note_maker(tmp_path)
    daemon.kill()
    daemon.wait()
    assert restored(tmp_path, Status="exited", ExitCode=0)["docker_stayed"] is False


def test_one_that_nobody_wrote_down_is_not_known(tmp_path: Path) -> None:
    assert restored(tmp_path, Status="exited", ExitCode=0)["docker_stayed"] is False


def test_a_running_one_has_no_exit_code(tmp_path: Path) -> None:
    assert restored(tmp_path)["exit_code"] is None


def test_docker_without_its_pid_file_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "DOCKER_PID", tmp_path / "none")
    assert runtime.daemon() is None


def test_daemon_is_told_by_its_start_too(daemon: subprocess.Popen[bytes]) -> None:
    found = runtime.daemon()
    assert found == tree.identity(daemon.pid)
    assert found is not None and found[1] > 0


def test_docker_that_is_down_is_told_as_that() -> None:
    """Its command ends well then, with nulls."""
    info = {**json.loads(text("docker-info.json")), "Runtimes": None}

    def down(argv: Sequence[str], **_: Any) -> Ran:
        return Ran(tuple(argv), 0, json.dumps(info), "", 0, 0)

    assert docker.parse_info(json.dumps(info))["runtimes"] == []
    with pytest.raises(StepFailed, match="does not answer") as raised:
        runtime.have_docker_know(down)  # type: ignore[arg-type]
    assert raised.value.code == "docker-unavailable"
