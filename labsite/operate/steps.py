"""Up and down, step by step. Every step may find its work done already, or half done."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrations_app import lab

from . import ports, supervise
from .errors import OperateError
from .leftovers import end_leftovers
from .places import Places, find_redis_server, url_of, with_own

CODE = ("labsite", "migrations_app", "templates", "locale", "requirements.txt")
CODE_SUFFIXES = {".py", ".html", ".mo", ".conf", ".txt", ".toml"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class UpOptions:
    port: int | None = None
    demo: bool = True
    lab: bool = True


def up(places: Places, options: UpOptions, say: Say) -> None:
    """Starts the site and its lab and runs the demo. Raises OperateError or LabError."""
    places.make()
    with only_one(places):
        port = _choose_port(places, options.port)
        environment = places.environment(port, find_redis_server(places))
        say("Preparing the database …")
        _manage(places, environment, "migrate", "--noinput", "--verbosity", "0")
        _start(places, environment, port, say)
        lacks = _lab(places, environment, options, say)
        if options.demo and not lacks:
            say("Running the demo migration …")
            _manage(places, environment, "demo")
        _say_ready(places, environment, port, lacks, say)


def _choose_port(places: Places, asked: int | None) -> int:
    remembered = ports.read_port(places.port_file)
    if supervise.is_running(places):
        if remembered is not None and asked in (None, remembered):
            return remembered
        supervise.stop(places)
    else:
        end_leftovers(places.owner)
    port = ports.choose_port(asked, remembered)
    places.port_file.write_text(f"{port}\n")
    return port


def _start(places: Places, environment: Mapping[str, str], port: int, say: Say) -> None:
    stamp = code_stamp(places.checkout)
    if not supervise.is_running(places):
        say("Starting Redis, worker and web server …")
        supervise.start(places, environment)
    elif not places.code_stamp.exists() or places.code_stamp.read_text() != stamp:
        say("The code has changed: starting worker and web server anew …")
        supervise.restart_code(places)
    else:
        supervise.revive(places)
    places.code_stamp.write_text(stamp)
    supervise.wait_for_web(port)


def _lab(places: Places, environment: Mapping[str, str], options: UpOptions, say: Say) -> list[str]:
    """Brings the lab up; what it lacks here, when it can't be."""
    if not options.lab:
        return ["it was left out with --no-lab", *lab.missing()]
    lacks = lab.missing()
    if not lacks:
        say("Starting the lab hosts …")
        _manage(places, environment, "lab", "up")
    return lacks


def _say_ready(
    places: Places, environment: Mapping[str, str], port: int, lacks: list[str], say: Say
) -> None:
    say("")
    for lack in lacks:
        say(f"No lab hosts: {lack}")
    say(f"The site runs at {url_of(port)}")
    _manage(places, environment, "first_login")


@dataclass(frozen=True)
class DownOptions:
    purge: bool = False  # remove all data as well
    keep_cache: bool = False  # but not the lab hosts' root, which takes half a minute to build


def down(places: Places, options: DownOptions, say: Say) -> None:
    """Stops what `up` started, and with `purge` removes all it kept. Raises LabError."""
    places.make()
    with only_one(places):
        say("Stopping the site …")
        supervise.stop(places)
        _lab_down(places, options, say)
    if options.purge:
        _remove_data(places, say)


def _lab_down(places: Places, options: DownOptions, say: Say) -> None:
    config = lab.LabConfig(instance=places.instance)
    if not config.state_dir.exists():
        return
    if options.purge:
        lab.purge(config, say, keep_cache=options.keep_cache)
    else:
        lab.down(config, say)


def _remove_data(places: Places, say: Say) -> None:
    say(f"Removing {places.data} …")
    shutil.rmtree(places.data)
    if places.sockets.exists():
        shutil.rmtree(places.sockets)


def code_stamp(checkout: Path) -> str:
    """The time of the newest file that a running process has read, in ns since 1970."""
    roots = [checkout / name for name in CODE]
    files = [path for root in roots for path in (root, *root.rglob("*"))]
    times = [p.stat().st_mtime_ns for p in files if p.suffix in CODE_SUFFIXES and p.is_file()]
    return str(max(times, default=0))


def _manage(places: Places, environment: Mapping[str, str], *words: str) -> None:
    """A `manage.py` command, its output shown as it comes. Raises OperateError when it fails."""
    # Without the system checks: half way up they tell of what the next step will start.
    manage = str(places.checkout / "manage.py")
    argv = [str(places.bin / "python"), manage, words[0], "--skip-checks", *words[1:]]
    done = subprocess.run(
        argv, env=with_own(environment), stdin=subprocess.DEVNULL, cwd=places.checkout, check=False
    )
    if done.returncode != 0:
        raise OperateError(f"manage.py {words[0]} failed (see above)")


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Keeps a second `up` or `down` of this instance out while one is at work."""
    descriptor = os.open(places.data / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise OperateError("another scripts/up or scripts/down is at work here") from error
    finally:
        os.close(descriptor)
