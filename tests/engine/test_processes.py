"""Verbs for bare processes, on processes of our own: started, looked at, stopped, ended."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import NotPossible
from migrations_app.engine.hostside import jobs
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Runner
from migrations_app.engine.hostside.verbs import VERBS

SCRIPT = "import itertools, time\nfor i in itertools.count(): print(i); time.sleep(0.01)"
COUNT = [sys.executable, "-I", "-u", "-c", SCRIPT]  # without children: init may be slow to reap
LIMIT_S = 5


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def ask(verb: str, **params: Any) -> dict[str, Any]:
        return dict(VERBS[verb](Fields({"job": "j-1", **params}, tmp_path), Runner()))

    return ask


@pytest.fixture
def started(call: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    workload = call("process_start", name="counter", argv=COUNT)
    wait_until(lambda: len(lines(call, workload)) > 3)
    yield workload
    call("process_end", pid=workload["pid"])


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def lines(call, workload, **part: int) -> list[str]:
    return call("process_tail", output=[workload["output"]], lines=1000, **part)["lines"]


def test_workload_runs_and_writes_into_its_folder(call, started, tmp_path: Path):
    assert call("process_state", pid=started["pid"])["state"] == "running"
    assert Path(started["output"]) == tmp_path / "workloads" / "counter" / "output"
    assert lines(call, started)[:3] == ["0", "1", "2"]


def test_second_of_that_name_is_refused(call, started):
    with pytest.raises(NotPossible) as refused:
        call("process_start", name="counter", argv=COUNT)
    assert refused.value.code == "workload-exists"


def test_inspection_names_the_tree_and_what_it_holds(call, started):
    seen = call("process_inspect", pid=started["pid"])
    assert seen["pids"][0] == started["pid"] and seen["output"] == started["output"]
    assert started["output"] in seen["files"] and not seen["terminal"]
    assert all(size for size in seen["mapped"].values())


def test_stopped_process_is_told_and_goes_on_when_thawed(call, started, tmp_path: Path):
    pid = started["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: call("process_state", pid=pid)["state"] == "stopped")
    jobs.note(tmp_path / "jobs" / "j-1", source_pids=[pid])
    assert call("process_thaw") == {"pids": [pid]}
    wait_until(lambda: call("process_state", pid=pid)["state"] == "running")


def test_killed_tree_is_gone_when_the_verb_returns(call, started, tmp_path: Path):
    jobs.note(tmp_path / "jobs" / "j-1", source_pids=[started["pid"]])
    call("process_kill")
    assert call("process_state", pid=started["pid"])["state"] == "absent"


def test_process_that_writes_elsewhere_is_not_the_workload(call, started):
    other = call("process_state", pid=started["pid"], output=["/somewhere/else"])
    assert other["state"] == "absent"
    assert call("process_end", pid=started["pid"], output=["/somewhere/else"]) == {"ended": False}
    assert call("process_state", pid=started["pid"])["state"] == "running"


def test_ending_twice_is_fine(call, started):
    assert call("process_end", pid=started["pid"]) == {"ended": True}
    assert call("process_end", pid=started["pid"]) == {"ended": False}


def test_forgetting_removes_the_workloads_folder_and_nothing_beside_it(call, tmp_path: Path):
    for name in ("counter", "other"):
        folder = tmp_path / "workloads" / name
        folder.mkdir(parents=True)
        (folder / "output").touch()
    alone = tmp_path / "elsewhere" / "file"
    alone.parent.mkdir()
    alone.touch()
    call("process_forget", files=[str(tmp_path / "workloads/counter/output"), str(alone)])
    assert [one.name for one in (tmp_path / "workloads").iterdir()] == ["other"]
    assert alone.parent.exists() and not alone.exists()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({}, ["1", "22", "333"]),
        ({"end": 5}, ["1", "22"]),
        ({"start": 5}, ["333"]),
        ({"start": 2, "end": 5}, ["22"]),
        ({"start": 9}, []),
        ({"first": True, "lines": 2}, ["1", "22"]),
        ({"first": True, "start": 2}, ["22", "333"]),
        ({"first": True, "start": 2, "end": 7}, ["22"]),  # a cut line is none
    ],
)
def test_output_is_read_between_two_offsets(call, tmp_path: Path, part: dict, expected: list[str]):
    (tmp_path / "output").write_text("1\n22\n333\n")
    shown = call("process_tail", output=[str(tmp_path / "output")], **{"lines": 10, **part})
    assert shown["lines"] == expected


def test_files_and_pids_are_looked_for(call, tmp_path: Path):
    (tmp_path / "there").write_text("four")
    paths = [str(tmp_path / "there"), str(tmp_path / "not")]
    seen = call("files_facts", files=paths, pids=[str(os.getpid()), str(2**22)])
    assert seen == {"sizes": dict(zip(paths, (4, None), strict=True)), "pids_taken": [os.getpid()]}


def test_journal_survives_and_is_added_to(call, tmp_path: Path):
    folder = tmp_path / "jobs" / "j-1"
    jobs.note(folder, source_pid=7)
    jobs.note(folder, dumped=True)
    assert call("journal") == {"source_pid": 7, "dumped": True, "has_image": False}
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "images" / "inventory.img").touch()
    assert call("journal")["has_image"]


def test_clean_up_removes_the_job_and_is_fine_with_none(call, tmp_path: Path):
    jobs.note(tmp_path / "jobs" / "j-1", source_pid=7)
    jobs.note(tmp_path / "jobs" / "j-2", source_pid=8)
    assert call("clean_up")["removed"] == [str(tmp_path / "jobs" / "j-1")]
    assert call("clean_up")["removed"] == []
    assert str(tmp_path / "jobs" / "j-2") in call("left_behind")["folders"]


def test_link_that_leads_nowhere_and_a_number_of_a_group_are_in_the_way(call, tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    absent = str(tmp_path / "absent")
    group = os.getpgid(0)
    told = call("files_facts", files=[str(tmp_path / "link"), absent], pids=[str(group), "1"])
    assert told["sizes"][str(tmp_path / "link")] is not None and told["sizes"][absent] is None
    assert told["pids_taken"] == [group, 1]
