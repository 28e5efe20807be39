"""The site's processes, started, killed, mended and stopped, as scripts/up and scripts/down do."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from labsite.operate.leftovers import Owner, processes_of

pytestmark = pytest.mark.integration
COMMAND_S = 120


@dataclass(frozen=True)
class Site:
    """A site with a data directory of its own, and no lab."""

    data: Path

    def operate(self, *words: str) -> str:
        environment = {
            **os.environ,
            "MIGRATION_LAB_DATA": str(self.data),
            "MIGRATION_LAB_INSTANCE": f"{settings.INSTANCE[:8]}o",
        }
        argv = [sys.executable, "-m", "labsite.operate", *words]
        done = subprocess.run(
            argv, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True,
            timeout=COMMAND_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self) -> str:
        return self.operate("up", "--no-lab", "--no-demo")

    def processes(self) -> set[int]:
        return set(processes_of(Owner(self.data, self.data)))

    def supervisor(self) -> int:
        return int((self.data / "supervisord.pid").read_text())

    def answers(self) -> bool:
        port = (self.data / "port").read_text().strip()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return answer.status == 200


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Always the same place, so that a run finds what a killed one left behind.
    site = Site(settings.BASE_DIR / "var-test-operate")
    site.operate("down", "--purge")
    yield site
    site.operate("down", "--purge")
    assert not site.data.exists()


def test_up_ends_with_a_site_that_answers_and_a_first_login(site: Site) -> None:
    said = site.up()
    assert site.answers()
    assert "teacher" in said
    assert "No lab hosts: it was left out with --no-lab" in said


def test_up_leaves_alone_what_runs(site: Site) -> None:
    site.up()
    before = site.processes()
    site.up()
    assert site.processes() >= before


def test_up_mends_a_site_whose_supervisor_was_killed(site: Site) -> None:
    site.up()
    before = site.processes()
    os.kill(site.supervisor(), signal.SIGKILL)
    site.up()
    assert site.answers()
    assert not site.processes() & before  # no process of the old ones holds a socket or port


def test_down_leaves_no_process_and_can_be_called_again(site: Site) -> None:
    site.up()
    site.operate("down")
    assert site.processes() == set()
    site.operate("down")
