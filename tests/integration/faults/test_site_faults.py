"""What becomes of a job when the site itself breaks: worker, Redis or database, at each phase.

`scripts/test --faults -k site` runs all of them; notes go where those of test_faults.py go.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from migrations_app.engine import Strategy, WorkloadKind, WorkloadRef

from ..conftest import Pair, Site, wait_for
from ..moves import output
from ..watching import Watcher
from .site import FAULTS, SiteMoment, broken_at, moments_of
from .table import note
from .test_faults import NOTES
from .verdict import writes_on

pytestmark = [pytest.mark.integration, pytest.mark.faults]
NAME = "exercise"
ENDS_S = 300.0  # a lease runs out, the hosts are asked, and asked again


@dataclass(frozen=True)
class SiteCase:
    strategy: Strategy
    kind: WorkloadKind
    moment: SiteMoment
    fault: str

    def __str__(self) -> str:
        words = ("site", self.strategy, self.kind, self.moment.replace(" ", "-"), self.fault)
        return "_".join(words)


CASES = [
    SiteCase(strategy, kind, moment, fault)
    for strategy, kind in itertools.product(Strategy, WorkloadKind)
    for moment, fault in itertools.product(moments_of(strategy), FAULTS)
]


def row(site: Site) -> dict[str, Any]:
    fields = "'state', 'host__name', 'ref_name', 'pid'"
    found = site.ask(
        f"answer = Workload.objects.filter(name={NAME!r}).order_by('pk').values({fields}).last()"
    )
    return found or {}


def running(site: Site) -> dict[str, Any] | None:
    found = row(site)
    return found if found.get("state") == "running" else None


@pytest.fixture
def workload(real_site: Site, request: pytest.FixtureRequest) -> Iterator[SiteCase]:
    """The memory workload of the case's kind, on lab-a, a line a millisecond."""
    case = request.param
    values = {"memory_mib": 16, "dirty_pages_per_s": 500, "interval_ms": 1}
    real_site.ask(
        "from migrations_app.services.inventory import create_workload\n"
        f"answer = create_workload(name={NAME!r}, type_name='memory', kind={str(case.kind)!r},"
        f"parameters={values!r}, host=Host.objects.get(name='lab-a'), created_by=None).pk"
    )
    wait_for(lambda: running(real_site))
    yield case
    real_site.ask(
        "from migrations_app.services.inventory import remove_workload\n"
        f"last = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        "answer = remove_workload(workload=last, user=None)"
    )
    wait_for(lambda: row(real_site)["state"] == "removed")


def submit(site: Site, target: str, strategy: Strategy) -> int:
    pk = site.ask(
        "from migrations_app.services.submit import submit_job\n"
        f"workload = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        f"answer = submit_job(workload=workload, target=Host.objects.get(name={target!r}),"
        f"operation='migrate', strategy={str(strategy)!r}, user=None).pk"
    )
    assert isinstance(pk, int)
    return pk


def ended(site: Site, pk: int) -> dict[str, Any]:
    fields = "'status', 'error_code', 'workload_is_on', 'proof_passed'"

    def look() -> dict[str, Any] | None:
        found = site.ask(f"answer = MigrationJob.objects.filter(pk={pk}).values({fields}).get()")
        return found if found["status"] in ("succeeded", "failed", "cancelled") else None

    found = wait_for(look, ENDS_S)
    assert isinstance(found, dict)
    return found


def alive_on(pair: Pair, found: dict[str, Any], kind: WorkloadKind) -> list[str]:
    ref = ref_of(found, kind)
    return [host.name for host in pair.both() if writes_on(pair, host, ref)]


def ref_of(found: dict[str, Any], kind: WorkloadKind) -> WorkloadRef:
    return WorkloadRef(kind, found["ref_name"], found["pid"])


def gaps(pair: Pair, found: dict[str, Any], kind: WorkloadKind) -> int:
    host = next(host for host in pair.both() if host.name == found["host__name"])
    numbers = output(pair, host, ref_of(found, kind))
    return sum(after != before + 1 for before, after in itertools.pairwise(numbers))


@pytest.mark.parametrize("workload", CASES, ids=str, indirect=True)
def test_it_is_alive_on_one_host_and_the_site_knows_which(
    real_site: Site, pair: Pair, workload: SiteCase
) -> None:
    case = workload
    watcher = Watcher(pair.run)
    before = {host.name: watcher.look(host)["jobs"] for host in pair.both()}
    pk = submit(real_site, "lab-b", case.strategy)
    with broken_at(pk, case.moment, case.fault):
        first = ended(real_site, pk)
    found = wait_for(lambda: running(real_site))
    alive = alive_on(pair, found, case.kind)
    stays = {h.name: watcher.look(h)["jobs"] for h in pair.both()}
    missing = gaps(pair, found, case.kind)
    wrong = mistake(first, found, alive, missing)
    back = "lab-a" if found["host__name"] == "lab-b" else "lab-b"
    again = ended(real_site, submit(real_site, back, Strategy.STOP_AND_COPY))
    if wrong is None and again["status"] != "succeeded":
        wrong = f"the next job: {again['status']} {again['error_code']}"
    passed = wrong is None and stays == before
    sides = {"lab-a": "source", "lab-b": "target"}
    note(
        NOTES,
        {
            "case": str(case),
            "strategy": case.strategy,
            "kind": case.kind,
            "moment": case.moment,
            "fault": case.fault,
            "first": first["status"],
            "outcome": first["status"],
            "code": first["error_code"] or None,
            "alive": [sides[name] for name in alive],
            "said": sides[found["host__name"]],
            "left_on": [],
            "gaps": missing,
            "passed": passed,
            "wrong": wrong,
            "left": {} if stays == before else stays,
        },
    )
    assert passed, (wrong, first, found, alive, stays)


def mistake(
    job: dict[str, Any], found: dict[str, Any], alive: list[str], missing: int
) -> str | None:
    if alive != [found["host__name"]]:
        return f"alive on {alive}, said to be on {found['host__name']}"
    if (job["status"] == "succeeded") != (found["host__name"] == "lab-b"):
        return f"a job that {job['status']} left it on {found['host__name']}"
    return f"{missing} gaps in what it wrote" if missing else None


def test_every_moment_of_every_strategy_has_its_cases() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
    assert {case.moment for case in CASES} == set(SiteMoment)
