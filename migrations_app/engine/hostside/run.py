"""Runs the host's programs, remembers each; the only file of the hostside importing subprocess."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import StepFailed, StepTimedOut

LONGEST_ARGUMENT = 300  # of what is remembered; scripts are shown, not stored whole
LONGEST_OUTPUT = 4_000


@dataclass(frozen=True)
class Ran:
    argv: tuple[str, ...]
    status: int | None  # None: ended for taking too long
    out: str
    err: str
    start_ns: int
    end_ns: int

    def to_json(self) -> dict[str, Any]:
        shown = [argument[:LONGEST_ARGUMENT] for argument in self.argv]
        return {
            "argv": shown,
            "status": self.status,
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
        }


class Runner:
    """Calls programs for one request; the list of them goes back with its answer."""

    def __init__(self) -> None:
        self.ran: list[Ran] = []

    def __call__(
        self, argv: Sequence[str], *, limit_s: float = 30, check: bool = True, quiet: bool = False
    ) -> Ran:
        """Run argv with empty input until it ends.

        Raises StepFailed when it ends with another status than 0 (unless check is off) and
        StepTimedOut when it had to be ended. A quiet call is not remembered: it only looks.
        """
        start_ns = time.monotonic_ns()
        status, out, err = _run(argv, limit_s)
        ran = Ran(tuple(argv), status, out, err, start_ns, time.monotonic_ns())
        if not quiet:
            self.ran.append(ran)
        if status is None:
            called = " ".join(argv[:3])
            raise StepTimedOut(f"`{called}` did not end in {limit_s:.0f} s and was ended")
        if check and status != 0:
            raise failed(ran)
        return ran


def failed(ran: Ran, *, code: str = "command-failed", excerpt: str | None = None) -> StepFailed:
    """The error for a program that ended badly: its own words first."""
    words = (ran.err.strip() or ran.out.strip() or f"exit status {ran.status}")[-LONGEST_OUTPUT:]
    message = f"{' '.join(ran.argv[:3])}: {words}"
    return StepFailed(message, code=code, log_excerpt=excerpt or words)


def _run(argv: Sequence[str], limit_s: float) -> tuple[int | None, str, str]:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
            errors="replace",
            text=True,
        )
    except subprocess.TimeoutExpired:
        return None, "", ""
    except FileNotFoundError as error:
        raise StepFailed(f"{argv[0]} is not installed", code="program-missing") from error
    return done.returncode, done.stdout, done.stderr


def run_into(argv: Sequence[str], output: Path, *, limit_s: float) -> int | None:
    """Run argv, all it writes appended to a file as it comes; its status, None: it took too long.

    Raises StepFailed with code `program-missing`.
    """
    try:
        with output.open("ab") as out:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=limit_s,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return None
    except FileNotFoundError as error:
        raise StepFailed(f"{argv[0]} is not installed", code="program-missing") from error
    return done.returncode


def pipe_into(argv: Sequence[str], feed: Callable[[IO[bytes]], int], *, limit_s: float) -> int:
    """Run argv with what feed writes to its input; the bytes that feed counted."""
    return _piped(argv, feed, limit_s, subprocess.PIPE, subprocess.DEVNULL)


def pipe_out_of(argv: Sequence[str], drain: Callable[[IO[bytes]], int], *, limit_s: float) -> int:
    """Run argv and let drain read its output; the bytes that drain counted."""
    return _piped(argv, drain, limit_s, subprocess.DEVNULL, subprocess.PIPE)


def _piped(
    argv: Sequence[str], work: Callable[[IO[bytes]], int], limit_s: float, stdin: int, stdout: int
) -> int:
    with subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE) as process:
        timer = threading.Timer(limit_s, process.kill)
        timer.start()
        try:
            stream = process.stdin or process.stdout
            assert stream is not None and process.stderr is not None
            count = work(stream)
            stream.close()
            err = process.stderr.read().decode(errors="replace")
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
    if status != 0:
        raise failed(Ran(tuple(argv), status, "", err, 0, 0))
    return count


def start_detached(argv: Sequence[str], output: Path) -> int:
    """Start a workload in a session of its own, writing into `output`; its pid.

    CRIU cannot dump an inherited terminal or pipe, so input is /dev/null and output a file.
    """
    with output.open("ab") as out:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise StepFailed(f"{argv[0]} is not on the host", code="program-missing") from error
    # Reap it while we live, or its pid would never be free again after a kill.
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


class Child:
    """A program that goes on beside us; what it writes is kept in files without a name."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], argv: Sequence[str]):
        self._process, self._said = process, said
        self.argv, self.start_ns = tuple(argv), time.monotonic_ns()
        self.end_ns: int | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, limit_s: float | None = None) -> int:
        """Its exit status. Raises StepTimedOut when it goes on longer."""
        try:
            status = self._process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            raise StepTimedOut(f"`{' '.join(self.argv[:3])}` goes on") from error
        with self._lock:
            self.end_ns = self.end_ns or time.monotonic_ns()
        return status

    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def words(self) -> str:
        """The end of what it wrote."""
        size = self._said.seek(0, 2)
        self._said.seek(max(0, size - LONGEST_OUTPUT))
        return self._said.read().decode(errors="replace").strip()

    def ran(self) -> Ran:
        """For the list of commands, once it has ended."""
        end_ns = self.end_ns or time.monotonic_ns()
        return Ran(self.argv, self._process.poll(), "", "", self.start_ns, end_ns)


def start_beside(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    keep: tuple[int, ...] = (),
) -> Child:
    """Start argv in a session of its own; `keep`: descriptors that it inherits.

    Raises StepFailed with code `program-missing`.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the child
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **environment} if environment else None,
            pass_fds=keep,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise StepFailed(f"{argv[0]} is not installed", code="program-missing") from error
    # Reaped at once, whoever waits for it: a pid that nobody frees would be taken for ever.
    threading.Thread(target=process.wait, daemon=True).start()
    return Child(process, said, argv)


@contextlib.contextmanager
def holding_namespace() -> Iterator[int]:
    """The pid of a process in a network namespace of its own, for as long as this lasts."""
    argv = ["unshare", "--net", "sleep", "60"]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait_for_own_network(process.pid)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _wait_for_own_network(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        if time.monotonic() > deadline:
            raise StepTimedOut("no network namespace could be made", code="arm-failed")
        time.sleep(0.001)


def run_with_input(
    argv: Sequence[str], text: str, name: str, environment: Mapping[str, str], limit_s: float = 30
) -> None:
    """Run a program that reads `text`, called by `name`; argv[0] is its path."""
    try:
        done = subprocess.run(
            [name, *argv[1:]],
            executable=argv[0],
            input=text,
            capture_output=True,
            timeout=limit_s,
            check=False,
            env=dict(environment),
            text=True,
        )
    except subprocess.TimeoutExpired as error:
        raise StepTimedOut(f"{name} did not end", code="arm-failed") from error
    if done.returncode != 0:
        ran = Ran(tuple(argv), done.returncode, done.stdout, done.stderr, 0, 0)
        raise failed(ran, code="arm-failed")
