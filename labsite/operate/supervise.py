"""The site's processes under supervisord: start, restart, stop, and wait until they answer."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import OperateError
from .leftovers import end_leftovers, processes_of
from .places import Places, url_of, with_own

START_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 75.0  # longer than the worker may take to end its migrations
POLL_S = 0.2
TAIL_LINES = 15
READS_CODE = ("worker", "beat", "web")


@dataclass(frozen=True)
class ProgramState:
    name: str
    state: str  # supervisor's word: RUNNING, STARTING, BACKOFF, FATAL, …


def parse_status(text: str) -> list[ProgramState]:
    """The lines of `supervisorctl status`: NAME STATE more."""
    rows = [line.split() for line in text.splitlines()]
    return [ProgramState(row[0], row[1]) for row in rows if len(row) >= 2]


def is_running(places: Places) -> bool:
    """Whether supervisord answers."""
    return _control(places, "pid").returncode == 0


def start(places: Places, environment: Mapping[str, str]) -> None:
    """Starts all processes and waits until they run. Raises OperateError.

    Those that a killed supervisor left behind are ended first: they hold socket and port.
    """
    places.make()
    end_leftovers(places.owner)
    argv = [str(places.bin / "supervisord"), "-c", str(places.supervisor_conf)]
    done = subprocess.run(
        argv, env=with_own(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise OperateError(f"supervisord did not start: {done.stdout}{done.stderr}")
    wait_until_running(places)


def restart_code(places: Places) -> None:
    """Has the processes that run our code read it anew; Redis goes on."""
    _control(places, "restart", *READS_CODE, timeout_s=STOP_TIMEOUT_S)
    wait_until_running(places)


def revive(places: Places) -> None:
    """Starts the processes that stand still; changes nothing where all run."""
    _control(places, "start", "all", timeout_s=START_TIMEOUT_S)
    wait_until_running(places)


def stop(places: Places) -> bool:
    """Stops all processes of this instance; whether any ran. Idempotent."""
    if is_running(places):
        _control(places, "shutdown")
        _wait_for_end(places)
        end_leftovers(places.owner)
        return True
    return end_leftovers(places.owner)


def _wait_for_end(places: Places) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        if not is_running(places) and not list(processes_of(places.owner)):
            return
        time.sleep(POLL_S)


def wait_until_running(places: Places) -> None:
    """Raises OperateError with the end of a process's log when it doesn't come up."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        states = parse_status(_control(places, "status").stdout)
        waiting = [program for program in states if program.state != "RUNNING"]
        if states and not waiting:
            return
        dead = [program for program in waiting if program.state == "FATAL"]
        if dead or time.monotonic() > deadline:
            raise OperateError(_why(places, dead or waiting))
        time.sleep(POLL_S)


def _why(places: Places, programs: list[ProgramState]) -> str:
    if not programs:
        return f"supervisord does not answer; see {places.logs / 'supervisord.log'}"
    log = places.logs / f"{programs[0].name}.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"{programs[0].name} does not start; {log} ends:", *lines[-TAIL_LINES:]])


def wait_for_web(port: int) -> None:
    """Waits until the web server answers requests. Raises OperateError."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if _answers(url_of(port)):
            return
        time.sleep(POLL_S)
    raise OperateError(f"nothing answers at {url_of(port)}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 -- our own http address
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _control(
    places: Places, *words: str, timeout_s: float = 20
) -> subprocess.CompletedProcess[str]:
    argv = [str(places.bin / "supervisorctl"), "-c", str(places.supervisor_conf), *words]
    # supervisorctl expands the same file, so it needs every name that stands in it.
    environment = with_own(places.environment(port=0))
    return subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )
