"""The watch beside a call of CRIU: what it sees although it is gone soon, and what it must not."""

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from migrations_app.engine import StepFailed, StepTimedOut
from migrations_app.engine.hostside.run import Runner
from migrations_app.engine.hostside.watch import (
    LOG_BYTES_KEPT,
    CriuWatch,
    cgroup_probe,
    stopped_probe,
)
from migrations_app.engine.hostside.watched import size_of, watched

from .samples import DATA, text

SOME_LOOKS_S = 0.03


def watching(folder: Path, work, probe=None) -> dict:
    watch = CriuWatch([folder], probe)
    with watch:
        work()
    seen = watch.result()
    watch.close()
    return seen


def test_files_that_are_removed_again_are_read_all_the_same(tmp_path: Path):
    folder = tmp_path / "work"

    def criu_under_docker() -> None:
        folder.mkdir()
        shutil.copy(DATA / "criu-restore.log", folder / "restore.log")
        shutil.copy(DATA / "stats-restore", folder / "stats-restore")
        time.sleep(SOME_LOOKS_S)
        shutil.rmtree(folder)

    seen = watching(folder, criu_under_docker)
    assert seen["stats"]["restore_time_us"] == 5389
    assert seen["log"] == text("criu-restore.log") and seen["resumed_ns"]


def test_log_is_read_to_its_end_however_late_that_is_written(tmp_path: Path):
    def criu() -> None:
        with (tmp_path / "dump.log").open("w") as log:
            log.write("first\n")
            log.flush()
            time.sleep(SOME_LOOKS_S)
            log.write("last\n")

    assert watching(tmp_path, criu)["log"] == "first\nlast\n"


def test_files_of_an_earlier_run_are_not_taken_for_this_one(tmp_path: Path):
    shutil.copy(DATA / "stats-restore", tmp_path)
    (tmp_path / "restore.log").write_text("Error (old): no")
    seen = watching(tmp_path, lambda: time.sleep(SOME_LOOKS_S))
    assert seen["log"] == "" and seen["stats"] == {} and seen["resumed_ns"] is None


def test_file_that_is_written_anew_is_of_this_run(tmp_path: Path):
    log = tmp_path / "restore.log"
    log.write_text("old")

    def criu() -> None:
        log.unlink()
        log.write_text("new")
        time.sleep(SOME_LOOKS_S)

    assert watching(tmp_path, criu)["log"] == "new"


def test_moment_of_the_freeze_is_when_the_probe_first_says_so(tmp_path: Path):
    frozen = threading.Event()
    moments: list[int] = []

    def freeze() -> None:
        time.sleep(SOME_LOOKS_S)
        moments.append(time.monotonic_ns())
        frozen.set()
        time.sleep(SOME_LOOKS_S)

    seen = watching(tmp_path, freeze, frozen.is_set)
    assert 0 <= seen["frozen_ns"] - moments[0] < 0.5 * SOME_LOOKS_S * 10**9 + 10**7


def test_nothing_that_was_not_seen_is_given_a_number(tmp_path: Path):
    seen = watching(tmp_path, lambda: None, lambda: False)
    assert seen == {
        "frozen_ns": None,
        "resumed_ns": None,
        "stats": {},
        "log": "",
        "log_truncated": False,
    }


def test_flood_of_a_log_keeps_its_end(tmp_path: Path):
    def criu() -> None:
        (tmp_path / "dump.log").write_text("x" * LOG_BYTES_KEPT + "end")
        time.sleep(SOME_LOOKS_S)

    seen = watching(tmp_path, criu)
    assert seen["log"].endswith("end") and seen["log_truncated"]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_watch_keeps_no_file_open(tmp_path: Path):
    before = open_files()
    (tmp_path / "new").mkdir()
    watching(tmp_path / "new", lambda: shutil.copy(DATA / "stats-dump", tmp_path / "new"))
    assert open_files() == before


def test_stopped_process_is_seen_as_frozen():
    process = subprocess.Popen(["sleep", "60"])
    probe = stopped_probe(process.pid)
    try:
        assert not probe()
        process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while not probe() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert probe()
    finally:
        process.kill()
        process.wait()
    assert not probe()


def test_group_of_a_process_that_is_gone_has_no_probe():
    assert cgroup_probe(2**22) is None


def test_our_own_group_is_not_frozen():
    probe = cgroup_probe(os.getpid())
    assert probe is None or probe() is False


def failing(folder: Path, name: str, message: str):
    """A call of CRIU that leaves this recorded log and ends badly."""

    def call():
        if name:
            shutil.copy(DATA / name, folder / "dump.log")
        time.sleep(SOME_LOOKS_S)
        return [Runner()(["sh", "-c", f"echo '{message}' >&2; exit 1"], check=False)]

    return call


def test_failure_says_criu_s_first_error_before_the_callers_own_words(tmp_path: Path):
    call = failing(tmp_path, "criu-dump-file-lock.log", "criu failed: type NOTIFY errno 0")
    with pytest.raises(StepFailed) as failed:
        watched(CriuWatch([tmp_path]), call, "dump")
    assert failed.value.code == "dump-failed"
    assert failed.value.message.startswith("Error (criu/file-lock.c:110): Some file locks")
    assert "type NOTIFY" in failed.value.message
    assert "Some file locks" in failed.value.log_excerpt


def test_log_that_only_the_message_names_is_fetched(tmp_path: Path):
    log = tmp_path / "criu-dump.log.d" / "dump.log"
    log.parent.mkdir()
    shutil.copy(DATA / "criu-restore-pid-taken.log", log)
    call = failing(tmp_path, "", f"criu failed: type NOTIFY errno 0 log file: {log}: unknown")
    with pytest.raises(StepFailed, match=r"Can't fork for 29109: File exists"):
        watched(CriuWatch([tmp_path / "nowhere"]), call, "restore")


def test_call_that_takes_too_long_is_told_by_its_step(tmp_path: Path):
    def call():
        return [Runner()(["sleep", "60"], limit_s=0.05)]

    with pytest.raises(StepTimedOut) as late:
        watched(CriuWatch([tmp_path]), call, "restore")
    assert late.value.code == "restore-timed-out"


def test_several_tries_are_one_step(tmp_path: Path):
    def call():
        runner = Runner()
        return [runner(["false"], check=False), runner(["true"])]

    seen = watched(CriuWatch([tmp_path]), call, "restore")
    assert seen["tries"] == 2 and seen["end_ns"] > seen["start_ns"]


def test_size_of_an_image_is_that_of_its_files(tmp_path: Path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "pages-1.img").write_bytes(b"x" * 1000)
    (tmp_path / "core-1.img").write_bytes(b"x" * 24)
    assert size_of(tmp_path) == 1024
