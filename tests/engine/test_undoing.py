"""Taking back what preparing wrote: that alone, whatever somebody did to the files since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine.errors import NotPossible, StepFailed
from migrations_app.engine.hostside import preparing as steps
from migrations_app.engine.hostside import runtime, undoing
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Ran
from migrations_app.engine.tools.preparing import KERNEL_SETTINGS


class Docker:
    """Answers what undoing asks of Docker, and notes what it was told to do."""

    def __init__(self, containers: dict[str, str] | None = None) -> None:
        self.containers = containers or {}
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, argv, **_: Any) -> Ran:
        self.asked.append(tuple(argv))
        if argv[:2] == ["docker", "ps"]:
            out = "\n".join(self.containers)
        elif argv[:2] == ["docker", "inspect"]:
            out = "\n".join(f"/{name} {used}" for name, used in self.containers.items())
        else:
            out = ""
        return Ran(tuple(argv), 0, out, "", 0, 0)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """/etc and /proc/sys of a host, in a folder."""
    (tmp_path / "docker").mkdir()
    monkeypatch.setattr(runtime, "DAEMON_JSON", tmp_path / "docker" / "daemon.json")
    monkeypatch.setattr(runtime, "PROGRAM", tmp_path / "runtime")
    monkeypatch.setattr(undoing, "BACKUP", tmp_path / "docker" / "before")
    monkeypatch.setattr(undoing, "SYSCTL", tmp_path / "90-migration-lab.conf")
    monkeypatch.setattr(undoing, "_place", lambda name: tmp_path / name)
    monkeypatch.setattr(undoing, "_have_docker_forget", lambda runner: None)
    for name in KERNEL_SETTINGS:
        (tmp_path / name).write_text("16384\n")
    return tmp_path


def prepared(**changes: Any) -> None:
    """As the steps `experimental` and `runtime` leave daemon.json."""
    steps._edit_daemon_json(runtime.DAEMON_JSON, {"experimental": True})
    ours = {"runtimes": {runtime.NAME: {"path": str(runtime.PROGRAM)}}}
    steps._edit_daemon_json(runtime.DAEMON_JSON, {**ours, **changes})
    runtime.PROGRAM.write_text("#!/bin/sh\n")


def undo(step: str, docker: Docker | None = None) -> list[str]:
    return list(undoing.prepare_undo(Fields({"step": step}), docker or Docker())["undone"])  # type: ignore[arg-type]


def config() -> Any:
    return json.loads(runtime.DAEMON_JSON.read_text())


def test_both_taken_back_leave_the_file_as_it_was_to_the_letter(files: Path):
    before = '{ "log-level":   "warn" }'
    runtime.DAEMON_JSON.write_text(before)
    prepared()
    undo("experimental")
    assert runtime.NAME in config()["runtimes"] and "experimental" not in config()
    undo("runtime")
    assert runtime.DAEMON_JSON.read_text() == before
    assert not undoing.BACKUP.exists() and not runtime.PROGRAM.exists()


def test_file_that_was_not_there_is_gone_again(files: Path):
    prepared()
    undo("runtime")
    undo("experimental")
    assert not runtime.DAEMON_JSON.exists() and not undoing.BACKUP.exists()


def test_what_somebody_changed_since_stays(files: Path):
    runtime.DAEMON_JSON.write_text('{"log-level": "warn", "experimental": false}')
    prepared()
    runtime.DAEMON_JSON.write_text(json.dumps({**config(), "log-level": "debug", "mtu": 1400}))
    undo("experimental")
    undo("runtime")
    assert config() == {"log-level": "debug", "mtu": 1400, "experimental": False}


def test_runtime_of_somebody_else_stays(files: Path):
    runtime.DAEMON_JSON.write_text('{"runtimes": {"kata": {"path": "/k"}}}')
    prepared()
    undo("runtime")
    assert config()["runtimes"] == {"kata": {"path": "/k"}}


def test_experimental_mode_that_was_on_before_is_not_switched_off(files: Path):
    runtime.DAEMON_JSON.write_text('{"experimental": true}')
    prepared()
    with pytest.raises(StepFailed) as raised:
        undo("experimental")
    assert raised.value.code == "nothing-to-undo" and config()["experimental"] is True


def test_experimental_mode_that_we_never_switched_on_is_not_ours_to_take(files: Path):
    runtime.DAEMON_JSON.write_text('{"experimental": true}')
    with pytest.raises(StepFailed) as raised:
        undo("experimental")
    assert raised.value.code == "nothing-to-undo" and config() == {"experimental": True}


def test_runtime_that_containers_have_stays_and_they_are_named(files: Path):
    prepared()
    before = runtime.DAEMON_JSON.read_text()
    with pytest.raises(NotPossible) as raised:
        undo("runtime", Docker({"counter": runtime.NAME, "web": "runc"}))
    assert raised.value.code == "runtime-in-use" and "counter" in raised.value.message
    assert "web" not in raised.value.message and runtime.DAEMON_JSON.read_text() == before


def test_docker_is_restarted_for_its_mode_and_not_for_a_runtime(files: Path):
    prepared()
    restart, mode, ours = ("systemctl", "restart", "docker"), Docker(), Docker()
    undo("experimental", mode)
    undo("runtime", ours)
    assert restart in mode.asked and restart not in ours.asked


def test_docker_is_told_while_the_entry_stands_there_empty(
    files: Path, monkeypatch: pytest.MonkeyPatch
):
    """It reads anew only what the file has: without the entry it would keep what it knew."""
    seen = []
    monkeypatch.setattr(undoing, "_have_docker_forget", lambda runner: seen.append(config()))
    prepared()
    undo("runtime")
    assert [one["runtimes"] for one in seen] == [{}] and "runtimes" not in config()


def test_kernel_has_its_former_settings_again(files: Path):
    undoing.SYSCTL.write_text(undoing.kernel_lines(undoing.kernel_now()))
    for name, value in KERNEL_SETTINGS.items():
        (files / name).write_text(value)
    undoing.SYSCTL.write_text(undoing.kernel_lines(undoing.kernel_now()))  # a second time
    undo("kernel")
    assert {(files / name).read_text() for name in KERNEL_SETTINGS} == {"16384"}
    assert not undoing.SYSCTL.exists()


@pytest.mark.parametrize("step", ["experimental", "runtime", "kernel"])
def test_host_that_was_never_prepared_has_nothing_to_take_back(step: str, files: Path):
    with pytest.raises(StepFailed) as raised:
        undo(step)
    assert raised.value.code == "nothing-to-undo"


def test_daemon_json_that_is_no_json_is_left_alone(files: Path):
    runtime.DAEMON_JSON.write_text("{")
    with pytest.raises(StepFailed) as raised:
        undo("experimental")
    assert raised.value.code == "docker-config-unreadable"
    assert runtime.DAEMON_JSON.read_text() == "{"
