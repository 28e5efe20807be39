"""Real lab hosts, and a real site with Redis, worker and web server; started once for all tests.

`scripts/test` gives them an instance of their own, so a site that runs from the same checkout is
not disturbed; without it these tests are skipped. `pair` has Docker 26, on which the exercise works
by hand; `pair28`, in a lab of its own, has Docker 28 or newer and is booted for the first test that
asks for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from labsite.operate import steps
from labsite.operate.places import own_places, url_of, with_own
from migrations_app import lab
from migrations_app.engine import SshHost, SshTarget, prepare_host

from .watching import Watcher

CHECKOUT = Path(__file__).parents[2]
# What a test that was killed or failed may have left: workloads by their names, jobs by theirs.
REMOVE_LEFTOVERS = """
nft delete table inet cut
for file in /var/lib/migration-lab/workloads/exercise*/pid; do kill -9 "$(cat "$file")"; done
rm -rf /var/lib/migration-lab/workloads/exercise* /var/lib/migration-lab/*/it-*
rm -rf /dev/shm/migration-lab/it-*
docker ps --all --quiet --filter name='^exercise' | xargs -r timeout 30 docker rm --force
true
"""


def said(text: str) -> None:
    """Seen with `pytest -s`: what the lab does while it does it."""
    sys.stdout.write(f"{text}\n")


def _why_not() -> str | None:
    if not os.environ.get("MIGRATION_LAB_INSTANCE", "").startswith("t"):
        return "needs an instance of its own: run scripts/test"
    return "; ".join(lab.missing()) or None


@pytest.fixture(scope="session")
def lab_config() -> lab.LabConfig:
    reason = _why_not()
    if reason:
        pytest.skip(reason)
    return lab.LabConfig(instance=settings.INSTANCE, mirror=settings.LAB_MIRROR)


@dataclass
class Pair:
    """Two lab hosts: sessions of the engine's, and a root shell on each."""

    a: SshHost
    b: SshHost
    config: lab.LabConfig

    def run(self, host: SshHost, command: str, *, limit_s: float = 60) -> str:
        """What a shell command prints that a person would type on that host."""
        argv = [*lab.shell_argv(self.config, host.name), "-o", "BatchMode=yes", command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit_s, check=True)
        return done.stdout

    def other(self, host: SshHost) -> SshHost:
        return self.b if host is self.a else self.a

    def both(self) -> tuple[SshHost, SshHost]:
        return self.a, self.b


def target_of(host: lab.LabHost) -> SshTarget:
    return SshTarget(
        name=host.name,
        address=host.address,
        port=host.port,
        user=host.user,
        host_key=host.host_key,
        private_key=host.private_key,
    )


@pytest.fixture(scope="session")
def lab_hosts(lab_config: lab.LabConfig) -> list[lab.LabHost]:
    return lab.up(lab_config, said)


@pytest.fixture(scope="session")
def pair(lab_config: lab.LabConfig, lab_hosts: list[lab.LabHost]) -> Iterator[Pair]:
    with _sessions(lab_config, lab_hosts) as pair:
        yield pair


@pytest.fixture
def clean_pair(pair: Pair) -> Iterator[Pair]:
    """The pair, with nothing of a test's left before and after it."""
    with _nothing_left(pair):
        yield pair


@pytest.fixture(scope="session")
def lab28_config(lab_config: lab.LabConfig) -> Iterator[lab.LabConfig]:
    """A second lab; scripts/test knows its name, to remove what a killed run left of it."""
    config = replace(
        lab_config, instance=f"{lab_config.instance[:9]}n", docker=lab.DockerKind.DOCKER_28
    )
    try:
        yield config
    finally:
        lab.purge(config, said, keep_cache=True)


@pytest.fixture(scope="session")
def pair28(lab28_config: lab.LabConfig) -> Iterator[Pair]:
    with _sessions(lab28_config, lab.up(lab28_config, said)) as pair:
        yield pair


@pytest.fixture
def clean_pair28(pair28: Pair) -> Iterator[Pair]:
    """As `clean_pair`, with Docker 28 or newer."""
    with _nothing_left(pair28):
        yield pair28


@pytest.fixture(params=["26", "28"])
def hosts(request: pytest.FixtureRequest) -> Pair:
    """Both kinds of lab hosts, one after the other, clean before and after."""
    name = {"26": "clean_pair", "28": "clean_pair28"}[request.param]
    pair = request.getfixturevalue(name)
    assert isinstance(pair, Pair)
    return pair


@contextmanager
def _sessions(
    config: lab.LabConfig, hosts: list[lab.LabHost], timeout_s: float = 10
) -> Iterator[Pair]:
    one, two = (SshHost(target_of(host), timeout_s=timeout_s) for host in hosts[:2])
    with one as a, two as b:
        for host in (a, b):
            prepare_host(host)
        yield Pair(a, b, config)


def clear(pair: Pair) -> None:
    """Takes away what tests before may have left."""
    for host in pair.both():
        prepare_host(host)  # a test before may have reset it
        pair.run(host, REMOVE_LEFTOVERS)


@contextmanager
def _nothing_left(pair: Pair) -> Iterator[None]:
    watcher = Watcher(pair.run)
    clear(pair)
    before = {host.name: watcher.look(host) for host in pair.both()}
    yield
    for host in pair.both():
        assert watcher.changes(host, before[host.name]) == {}, host.name


def wait_for(look: Callable[[], Any], limit_s: float = 90) -> Any:
    """What it finds, once it finds something."""
    deadline = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.3)
    return found


@dataclass(frozen=True)
class Site:
    """A site that runs: how to reach it, and how to ask its rows."""

    url: str
    username: str
    password: str

    def manage(self, *words: str) -> str:
        return _manage(*words)

    def ask(self, code: str) -> Any:
        """Run code in the site's own Python; what it leaves in `answer`, as JSON."""
        prelude = "from migrations_app.models import *\nfrom migrations_app.services import *\n"
        script = f"{prelude}{code}\nimport json; print('\\x1e' + json.dumps(answer, default=str))"
        return json.loads(_manage("shell", "--no-imports", "-c", script).rpartition("\x1e")[2])


def _manage(*words: str) -> str:
    places = own_places()
    port = int(places.port_file.read_text())
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        env=with_own(places.environment(port)),
        capture_output=True,
        text=True,
        timeout=240,
        cwd=CHECKOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def real_site(lab_hosts: list[lab.LabHost]) -> Iterator[Site]:
    places = own_places()
    steps.up(places, steps.UpOptions(demo=False), said)
    password = (places.data / "first-login").read_text().strip()
    yield Site(url_of(int(places.port_file.read_text())), "teacher", password)
    steps.down(places, steps.DownOptions(), said)
