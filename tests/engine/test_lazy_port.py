"""The way to CRIU's lazy-pages daemon: nothing listens, nothing is left open, nobody is left."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import guard, jobs, lazy, tree

LIMIT_S = 20.0
SILENT = "import time; time.sleep(600)"
# Says that it is up, and goes without having asked for a page.
HASTY = "import os, sys; os.write(int(sys.argv[1]), b'x')"


def sockets() -> list[str]:
    """What this process has open that is a socket."""
    links = (tree.link(str(one)) for one in Path("/proc/self/fd").iterdir())
    return sorted(one for one in links if one and one.startswith("socket:"))


def listening() -> set[str]:
    """Inodes of sockets on this host that listen."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {f"socket:[{line.split()[9]}]" for line in lines if line.split()[3] == "0A"}


def wait_until(look, what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def lost() -> threading.Event:
    return threading.Event()


@pytest.fixture
def pages(tmp_path, monkeypatch, lost: threading.Event) -> Iterator[lazy.Pages]:
    monkeypatch.setattr(jobs, "MEMORY", tmp_path)
    made = lazy.Pages("job-1", lost.set)
    yield made
    made.close()


@pytest.fixture
def link() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Between the hosts: the target's end, the source's."""
    ends = socket.socketpair()
    for one in ends:
        one.settimeout(LIMIT_S)
    yield ends
    for one in ends:
        one.close()


def daemon(monkeypatch, program: str) -> None:
    """Instead of CRIU's."""

    def argv(_images, _work, peer: int, status: int) -> list[str]:
        return [sys.executable, "-c", program, str(status), str(peer)]

    monkeypatch.setattr(lazy.criu, "lazy_pages_argv", argv)


def relaying(pages: lazy.Pages, connection: socket.socket) -> threading.Thread:
    thread = threading.Thread(target=pages.relay, args=(connection, "none"))
    thread.start()
    return thread


def test_no_port_listens_while_the_daemon_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "MEMORY", tmp_path)
    before = set(sockets())
    pages = lazy.Pages("job-1", lambda: None)
    made = set(sockets()) - before
    assert len(made) == 2 and not listening() & made
    pages.close()


def test_nothing_is_open_once_it_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "MEMORY", tmp_path)
    before = sockets()
    given_up = lazy.Pages("job-1", lambda: None)
    given_up.close()
    assert sockets() == before
    given_up.close()  # twice is fine


def test_a_daemon_that_does_not_come_up_is_told_and_leaves_nothing(pages, link, monkeypatch):
    daemon(monkeypatch, SILENT)
    thread = relaying(pages, link[0])
    with pytest.raises(StepFailed) as failed:
        pages.start_daemon(Path("/i"), Path("/w"), 0.2)
    pages.close()
    thread.join(LIMIT_S)
    assert failed.value.code == "restore-timed-out" and not thread.is_alive()
    wait_until(lambda: not tree.naming([SILENT]), "the daemon goes on")


def test_a_source_that_makes_no_connection_for_pages_is_told(pages):
    with pytest.raises(StepFailed, match="no connection for pages"):
        pages.start_daemon(Path("/i"), Path("/w"), 0.05)


def test_tasks_are_ended_before_anything_is_closed_when_the_source_goes(
    pages, link, monkeypatch, lost
):
    """The daemon's connection must not end before: it would let them run without pages."""
    daemon(monkeypatch, f"{HASTY}; {SILENT}")
    thread = relaying(pages, link[0])
    pages.start_daemon(Path("/i"), Path("/w"), LIMIT_S)
    link[1].close()
    assert lost.wait(LIMIT_S)
    thread.join(LIMIT_S)
    assert pages._daemon.running() and not pages._closed
    with pytest.raises(StepFailed, match="ended in the middle") as failed:
        pages.wait(LIMIT_S)
    assert failed.value.code == "pages-lost"


def test_a_daemon_that_ends_well_without_having_fetched_pages_has_lost_them(
    pages, link, monkeypatch, lost
):
    daemon(monkeypatch, HASTY)
    relaying(pages, link[0])
    pages.start_daemon(Path("/i"), Path("/w"), LIMIT_S)
    with pytest.raises(StepFailed, match="daemon ended") as failed:
        pages.wait(LIMIT_S)
    assert failed.value.code == "pages-lost" and lost.is_set()
    with pytest.raises(StepFailed):
        pages.watch([])


def test_tasks_that_are_found_after_the_pages_were_lost_are_told_at_once(pages):
    pages.error = "the link broke"
    with pytest.raises(StepFailed, match="the link broke"):
        pages.watch([])


# The guard, with real processes


@pytest.fixture
def task() -> Iterator[subprocess.Popen[bytes]]:
    """A task with a child."""
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SILENT!r}])"
    process = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: len(tree.subtree(process.pid)) == 2, "no child")
    yield process
    process.kill()
    process.wait()


def guarded(*watched: list[int], held: socket.socket | None = None) -> subprocess.Popen[str]:
    """A program that has a guard, which watches these tasks, and waits; it is ready."""
    ours, _theirs = (held, None) if held else socket.socketpair()
    code = (
        "import time\n"
        "from migrations_app.engine.hostside.guard import Guard\n"
        f"guard = Guard('job-7', {ours.fileno()})\n"
        f"guard.watch({list(watched)})\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[ours.fileno()],
    )
    assert program.stdout.readline() == "ready\n"
    return program


def test_tasks_end_with_the_program_that_serves_their_pages(task):
    program = guarded(tree.identity(task.pid))
    below = tree.subtree(task.pid)
    program.kill()
    program.wait()
    assert task.wait(LIMIT_S) == -9
    wait_until(lambda: not any(map(tree.stat_of, below)), "its child goes on")
    wait_until(lambda: not tree.naming([guard.MARK, "job-7"]), "the guard stays")


def test_a_task_that_has_another_start_is_somebody_elses(task):
    pid, start = tree.identity(task.pid)
    program = guarded([pid, start - 1])
    program.kill()
    program.wait()
    wait_until(lambda: not tree.naming([guard.MARK, "job-7"]), "the guard stays")
    assert task.poll() is None


def test_a_guard_that_knows_of_no_tasks_holds_on_until_it_is_ended(task):
    program = guarded()
    program.kill()
    program.wait()
    time.sleep(0.3)
    assert len(guard.end("job-7")) == 1
    assert guard.end("job-7") == [] and task.poll() is None


def test_a_guard_that_is_dismissed_ends_nobody(task):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        one = guard.Guard("job-8", ours.fileno())
        one.watch([tree.identity(task.pid)])
        one.dismiss()
        assert one.child.wait(LIMIT_S) == 0
        one.dismiss()
    assert task.poll() is None


def test_a_guard_that_was_killed_is_no_trouble(task):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        one = guard.Guard("job-8", ours.fileno())
        one.child.kill()
        one.child.wait(LIMIT_S)
        one.watch([tree.identity(task.pid)])
        one.dismiss()
    assert task.poll() is None


def test_what_the_guard_holds_ends_only_after_the_tasks(task):
    """The other end hears nothing as long as they run."""
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            program = guarded(tree.identity(task.pid), held=ours)
        program.kill()
        program.wait()
        theirs.settimeout(LIMIT_S)
        assert theirs.recv(1) == b""
    state = tree.stat_of(task.pid)
    assert state is None or state.state == "Z"
