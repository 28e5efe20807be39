"""The self-test's own steps, with CRIU played by signals and a second counter."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from migrations_app.engine.errors import StepFailed
from migrations_app.engine.hostside import selftest
from migrations_app.engine.hostside.run import Ran, start_detached


class Criu:
    """Freezes at a dump; at a restore it counts on from `first`, or from where it was."""

    def __init__(self, first: int | None = None) -> None:
        self.first = first
        self.pid = 0
        self.free = None  # whether pid and session were free when the restore came

    def __call__(self, argv: list[str], *, check: bool) -> Ran:
        folder = Path(argv[argv.index("--images-dir") + 1]).parent
        if argv[1] == "dump":
            self.pid = int(argv[argv.index("--tree") + 1])
            os.killpg(self.pid, signal.SIGSTOP)
        else:
            self._restore(folder / "output")
        return Ran(tuple(argv), 0, "", "", 0, 0)

    def _restore(self, output: Path) -> None:
        self.free = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, 0)
            self.free = False
        went_to = len(output.read_text().splitlines())
        first = went_to if self.first is None else self.first
        counting = selftest.COUNT.replace("i=0", f"i={first}", 1)
        self.restored = start_detached(["/bin/sh", "-c", counting], output)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.restored, signal.SIGKILL)


@pytest.mark.parametrize("first", [None, 0])
def test_the_counter_has_to_count_on_and_its_pid_is_free_for_the_restore(tmp_path, first):
    criu = Criu(first)
    try:
        if first is None:
            assert "went on to" in selftest.run(tmp_path, criu)
        else:
            with pytest.raises(StepFailed) as caught:
                selftest.run(tmp_path, criu)
            assert caught.value.code == "self-test-failed"
    finally:
        criu.end()
    assert criu.free
    assert list(tmp_path.iterdir()) == []
