"""The self-test: a counter is dumped and restored on this host, and has to count on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from ..errors import StepFailed
from ..tools import criu
from .run import Runner, start_detached

COUNT = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"
WAIT_S = 10.0


def run(place: Path, runner: Runner) -> str:
    """What it saw, as a sentence. Raises StepFailed with code `self-test-failed`."""
    folder = Path(tempfile.mkdtemp(prefix="migration-lab-self-test-", dir=place))
    output = folder / "output"
    pid = start_detached(["/bin/sh", "-c", COUNT], output)
    try:
        _lines(output, 3)
        images = folder / "images"
        images.mkdir()
        _call(criu.dump_argv(pid, images, images), images / "dump.log", runner)
        dumped = _numbers(output)
        _end(pid)
        argv = criu.restore_argv(images, images, folder / "pid")
        _call(argv, images / "restore.log", runner)
        after = _lines(output, len(dumped) + 3)
    finally:
        _end(pid)
        shutil.rmtree(folder, ignore_errors=True)
    if after != list(range(len(after))):
        raise StepFailed(f"the counter printed {after[-8:]}", code="self-test-failed")
    return f"counted to {dumped[-1]}, dumped, restored, went on to {after[-1]}"


def _call(argv: list[str], log: Path, runner: Runner) -> None:
    ran = runner(argv, check=False)
    if ran.status != 0:
        text = log.read_text(errors="replace") if log.exists() else ran.err
        excerpt = text[-1500:]
        raise StepFailed(f"criu {argv[1]} failed", code="self-test-failed", log_excerpt=excerpt)


def _numbers(output: Path) -> list[int]:
    return [int(line) for line in output.read_text().splitlines() if line.isdigit()]


def _lines(output: Path, count: int) -> list[int]:
    """Its numbers once there are so many. Raises StepFailed."""
    deadline = time.monotonic() + WAIT_S
    while len(found := _numbers(output)) < count:
        if time.monotonic() > deadline:
            message = f"the counter stopped at {len(found)} lines"
            raise StepFailed(message, code="self-test-failed")
        time.sleep(0.02)
    return found


def _end(pid: int) -> None:
    """Kill its session and wait until its pids are free: the restore takes the same."""
    deadline = time.monotonic() + WAIT_S
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
        while time.monotonic() < deadline:
            os.killpg(pid, 0)
            time.sleep(0.01)
