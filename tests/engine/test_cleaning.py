"""The end of a job on its host: what it had mounted goes before its folder does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine.hostside import cleaning
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Runner

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Path]:
    """As a CRIU leaves it that was killed in a restore: mounts within a mount."""
    yard = tmp_path / "jobs" / "j-1" / "work" / ".criu.cgyard.abc"
    yard.mkdir(parents=True)
    mount(yard)
    (yard / "pids").mkdir()
    mount(yard / "pids")
    yield yard
    for point in (yard / "pids", yard):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def mount(point: Path) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "none", point], check=False)
    if done.returncode != 0:
        pytest.skip("nothing may be mounted here")


@needs_root
def test_what_a_killed_criu_had_mounted_goes(yard: Path, tmp_path: Path) -> None:
    told: dict[str, Any] = cleaning.clean_up(Fields({"job": "j-1"}, tmp_path), Runner())
    assert told["removed"][:2] == [str(yard / "pids"), str(yard)]
    assert not (tmp_path / "jobs" / "j-1").exists()
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
