"""A call of CRIU's that has ended holds nothing open."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import calls
from migrations_app.engine.hostside.restoring import ProcessRestore


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


@pytest.fixture
def restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessRestore:
    child = SimpleNamespace(pid=7, kill=lambda: None)
    monkeypatch.setattr(calls, "start_beside", lambda *_, **__: child)
    return ProcessRestore(tmp_path, tmp_path)


def test_restore_that_succeeded_leaves_no_folder_open(restore: ProcessRestore):
    restore.call._end(True, None)
    held = len(open_files())
    restore.finish(1)
    assert len(open_files()) == held - 3  # both folders, and the socket
    assert restore.call.success


def test_restore_that_failed_says_so(restore: ProcessRestore):
    restore.call._end(False, "no such page")
    with pytest.raises(StepFailed, match="no such page"):
        restore.finish(1)
    restore.release()
