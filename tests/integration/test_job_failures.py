"""Jobs whose hand-over fails, for real: the page says why, and the workload runs where it was."""

from __future__ import annotations

import html
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import translation

from migrations_app.words.failures import FAILURES

from .conftest import Pair, Site, wait_for
from .test_hand_over_failures import FILL, TAKE_PROGRAM, UNFILL
from .test_site_jobs import ended, page_of, workload_row
from .traps import CRIU_WAITS, held_at

pytestmark = pytest.mark.integration
NAME = "failing"
STOP_CRIU = "pkill --signal STOP --exact criu"
LANGUAGES = ("en", "zh-hans")


@dataclass(frozen=True)
class Fault:
    """Put in when all is ready and nothing is frozen."""

    where: str  # on which lab host
    command: str
    undo: str
    codes: tuple[str, ...]  # of the error that may come of it


FAULTS = {
    "dump": Fault("a", FILL, UNFILL, ("dump-failed",)),
    "transfer": Fault("b", FILL, UNFILL, ("target-disk-full", "transfer-failed")),
    "restore": Fault("b", TAKE_PROGRAM, "true", ("restore-failed",)),
    "silent-target": Fault("b", STOP_CRIU, "true", ("restore-timed-out",)),
}


@pytest.fixture
def memory(real_site: Site, clean_pair: Pair) -> Iterator[dict[str, Any]]:
    """A container whose memory changes, on lab-a."""
    values = {"memory_mib": 16, "dirty_pages_per_s": 200, "interval_ms": 10}
    real_site.ask(
        "from migrations_app.services.inventory import create_workload\n"
        f"answer = create_workload(name={NAME!r}, type_name='memory', kind='container',"
        f"parameters={values!r}, host=Host.objects.get(name='lab-a'), created_by=None).pk"
    )
    yield wait_for(lambda: running(real_site))
    real_site.ask(
        "from migrations_app.services.inventory import remove_workload\n"
        f"last = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        "answer = remove_workload(workload=last, user=None)"
    )
    wait_for(lambda: workload_row(real_site, NAME)["state"] == "removed")


def running(site: Site) -> dict[str, Any] | None:
    row = workload_row(site, NAME)
    return row if row.get("state") == "running" else None


def submit(site: Site) -> int:
    pk = site.ask(
        "from migrations_app.services.submit import submit_job\n"
        f"workload = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        "answer = submit_job(workload=workload, target=Host.objects.get(name='lab-b'),"
        "operation='migrate', strategy='stop-and-copy', user=None).pk"
    )
    assert isinstance(pk, int)
    return pk


def failed_job(site: Site, pair: Pair, fault: Fault) -> tuple[int, dict[str, Any]]:
    """Its number and its row."""
    host = getattr(pair, fault.where)
    jobs: list[int] = []

    def begin() -> None:
        jobs.append(submit(site))

    try:
        with held_at(pair, pair.b, CRIU_WAITS, begin):
            pair.run(host, fault.command)
        return jobs[0], ended(site, jobs[0])
    finally:
        pair.run(host, fault.undo)


def last_number(pair: Pair) -> Callable[[], int]:
    command = f"docker logs --tail 1 {shlex.quote(NAME)} | grep -oE '[0-9]+' | head -1"
    return lambda: int(pair.run(pair.a, command))


@pytest.mark.parametrize("name", list(FAULTS))
def test_it_runs_on_the_source_and_the_page_says_why_in_both_languages(
    real_site: Site, clean_pair: Pair, memory: dict[str, Any], name: str
) -> None:
    fault = FAULTS[name]
    pk, row = failed_job(real_site, clean_pair, fault)
    assert (row["status"], row["workload_is_on"]) == ("failed", "source"), row
    assert row["error_code"] in fault.codes
    now = last_number(clean_pair)
    before = now()
    wait_for(lambda: now() > before)
    wait_for(lambda: running(real_site))
    assert workload_row(real_site, NAME)["host__name"] == "lab-a"
    assert NAME not in clean_pair.run(clean_pair.b, "docker ps --format '{{.Names}}'").split()
    for language in LANGUAGES:
        page = page_of(real_site, f"/jobs/{pk}/", language)
        with translation.override(language):
            assert html.escape(str(FAILURES[row["error_code"]].title)) in page
        assert f"<code>{row['error_code']}</code>" in page
