"""Our runtime's two calls and this program meet at two fifos: with another runc, no Docker."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from migrations_app.engine.errors import StepTimedOut
from migrations_app.engine.hostside import late_network, runtime

RUNC = """#!/bin/sh
# Restores when `go` is there; fails when it says so.
while [ ! -s "$FOLDER/go" ]; do sleep 0.01; done
exit "$(cat "$FOLDER/go")"
"""
ARCHIVE = "import sys; print('/somewhere/namespace')"


@pytest.fixture
def armed(tmp_path: Path) -> Path:
    """What the hostside program leaves for the runtime, with a place of its own for all of it."""
    folder = tmp_path / "armed" / "c1"
    folder.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "archive.py").write_text(ARCHIVE)
    runc = tmp_path / "bin" / "runc"
    runc.write_text(RUNC)
    runc.chmod(0o755)
    script = runtime.text().decode().replace("/run/migration-lab/armed", str(folder.parent))
    (tmp_path / "runtime").write_text(script)
    (folder / "restore").write_text("--image-path\n/images\n")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    archive = tmp_path / "archive.py"
    pairs = (f"PATH={path}", f"MIGRATION_LAB_ARCHIVE={archive}", f"FOLDER={tmp_path}")
    (folder / "environment").write_text("".join(f"{pair}\n" for pair in pairs))
    return folder


def call(armed: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", str(armed.parents[1] / "runtime"), *words, "c1"])


def create(armed: Path) -> subprocess.Popen[bytes]:
    pid_file = str(armed.parents[1] / "pid")
    return call(armed, "create", "--bundle", str(armed), "--pid-file", pid_file)


def start_when_created(armed: Path, made: subprocess.Popen[bytes], ended: list[int]) -> None:
    """As Docker does."""
    if made.wait(10) == 0:
        ended.append(call(armed, "start").wait(10))


def test_create_ends_before_the_restore_and_start_with_it(armed: Path) -> None:
    meeting = late_network.Meeting(armed)
    made, ended = create(armed), list[int]()
    docker = threading.Thread(target=start_when_created, args=(armed, made, ended))
    docker.start()
    meeting.attach(4711, 10)  # returns when Docker has called start
    assert (armed.parents[1] / "pid").read_text() == "4711"
    assert ended == []  # and that has not ended: nothing runs yet
    (armed.parents[1] / "go").write_text("0\n")
    docker.join(10)
    assert ended == [0] and (armed / "restored").exists()
    meeting.close()


def test_a_restore_that_fails_before_fails_create(armed: Path) -> None:
    meeting = late_network.Meeting(armed)
    (armed.parents[1] / "go").write_text("7\n")
    assert create(armed).wait(10) == 7
    assert not (armed / "restored").exists()
    meeting.close()


def test_a_restore_that_fails_after_fails_start(armed: Path) -> None:
    meeting = late_network.Meeting(armed)
    made, ended = create(armed), list[int]()
    docker = threading.Thread(target=start_when_created, args=(armed, made, ended))
    docker.start()
    meeting.attach(4711, 10)
    (armed.parents[1] / "go").write_text("3\n")
    docker.join(10)
    assert ended == [3]
    meeting.close()


def test_docker_that_never_calls_start_is_not_waited_for_forever(armed: Path) -> None:
    meeting = late_network.Meeting(armed)
    began = time.monotonic()
    with pytest.raises(StepTimedOut) as late:
        meeting.attach(4711, 0.05)
    assert late.value.code == "restore-timed-out" and time.monotonic() - began < 5
    meeting.close()
