"""Experiments on real lab hosts: from the browser to the end by themselves, and by the client.

The whole takes a quarter of an hour or more. `MIGRATION_LAB_GRID=small` tries everything out with
one memory size, two strategies and one trial; `MIGRATION_LAB_SCREENSHOTS=FOLDER` has pictures of
the form and of the page taken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from labsite.operate import supervise
from labsite.operate.places import own_places

from .conftest import CHECKOUT, Site
from .test_browser_journey import chromium, signed_in

__all__ = ("chromium", "signed_in")  # fixtures
pytestmark = [pytest.mark.integration, pytest.mark.browser, pytest.mark.slow]

CLIENT = CHECKOUT / "static" / "client" / "migration-lab.py"
SOON_MS = 60_000
A_TRIAL_MS = 60_000  # at most, on the average
DRAWN = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Size:
    memories: tuple[int, ...]
    strategies: tuple[str, ...]
    trials: int

    @property
    def jobs(self) -> int:
        """Of two workloads."""
        return 2 * len(self.memories) * len(self.strategies) * self.trials


WHOLE = Size((16, 64, 128), ("cold", "stop-and-copy", "pre-copy", "hybrid"), 5)
SMALL = Size((16,), ("cold", "pre-copy"), 1)


@pytest.fixture
def size() -> Size:
    return SMALL if os.environ.get("MIGRATION_LAB_GRID") == "small" else WHOLE


def filled_in(page: Page, size: Size) -> None:
    """The form, until it says how many jobs that makes."""
    page.goto("/experiments/new/")
    page.fill("[name=name]", "Memory and strategies")
    page.fill("[name=notes]", "How does the stop time depend on memory and strategy?")
    for kind in ("container", "process"):
        page.check(f"[name=workloads][value='memory:{kind}']")
    page.fill("[name='memory.memory_mib']", ", ".join(map(str, size.memories)))
    page.fill("[name='memory.dirty_pages_per_s']", "500")
    for strategy in size.strategies:
        page.check(f"[name=strategies][value={strategy}]")
    page.check("label:has-text('lab-a → lab-b')")
    for name, value in (("trials", size.trials), ("warm_ups", 0), ("controls", 0), ("seed", 7)):
        page.fill(f"[name={name}]", str(value))
    jobs = page.locator("[data-testid=plan-jobs]", has_text=f"{size.jobs} jobs")
    jobs.wait_for(timeout=SOON_MS)


def progress(page: Page) -> tuple[int, int]:
    """(done, all) as the page has it."""
    done, _of, total = page.inner_text("[data-testid=done]").partition(" of ")
    return int(done), int(total)


def wait_until_done(page: Page, number: int) -> None:
    """The page asks for itself every few seconds; nobody loads it again."""
    script = "n => parseInt(document.querySelector('[data-testid=done]').textContent) >= n"
    page.wait_for_function(script, arg=number, timeout=A_TRIAL_MS * max(number, 2))


def restart_the_worker() -> None:
    places = own_places()
    supervise._control(places, "restart", "worker", timeout_s=supervise.STOP_TIMEOUT_S)
    supervise.wait_until_running(places)


def cells_in(page: Page) -> list[str]:
    return page.locator("[data-testid=cells] tbody tr").all_inner_texts()


def charts_in(page: Page) -> int:
    """All that are drawn."""
    for box in page.query_selector_all("[data-chart]"):
        box.wait_for_selector(".main-svg", state="attached")
    return (
        page.locator("[data-chart] .main-svg >> nth=0").count()
        and page.locator("[data-chart]").count()
    )


def test_an_experiment_from_the_browser_ends_by_itself_though_its_worker_is_restarted(
    real_site: Site, signed_in: Page, size: Size
) -> None:
    page = signed_in
    filled_in(page, size)
    pictures(page, "experiment-form")
    page.click("[data-testid=launch-experiment]")
    page.wait_for_selector("[data-testid=progress]")
    wait_until_done(page, size.jobs // 3)
    restart_the_worker()
    wait_until_done(page, size.jobs)
    page.wait_for_selector("[data-testid=progress]:not([data-status=running])", timeout=SOON_MS)
    page.reload()
    assert progress(page) == (size.jobs, size.jobs)
    assert page.get_attribute("[data-testid=progress]", "data-status") == "finished"
    shown = page.inner_text("main")
    assert "failed: 0" in shown, trials_told(real_site)
    points = 2 * len(size.memories)
    assert len(cells_in(page)) == points * len(size.strategies)
    assert charts_in(page) >= 2
    lines = page.locator("[data-testid=differences] tbody tr").count()
    assert lines == points * (len(size.strategies) - 1)
    assert page.locator("[data-testid=sentences] li").count() == lines
    pictures(page, "experiment-page")
    nothing_is_left(real_site)


def trials_told(site: Site) -> str:
    rows = site.ask(
        "answer = list(Trial.objects.values('outcome', 'error_code', 'job_id', 'factors'))"
    )
    return json.dumps(rows, indent=1)


def nothing_is_left(site: Site) -> None:
    """Every trial's workload was removed and its hosts are free."""
    alive = "Workload.objects.exclude(state='removed').filter(trials__isnull=False).count()"
    kept = "Host.objects.exclude(trial=None).count()"
    assert site.ask(f"answer = [{alive}, {kept}]") == [0, 0]


# --- by the client ------------------------------------------------------------------------------
@pytest.fixture
def by_client(real_site: Site) -> Iterator[Any]:
    """Runs the client with a token of the teacher's."""
    make = (
        "from django.contrib.auth.models import User\n"
        "from migrations_app.services import tokens\n"
        "user = User.objects.get(username='teacher')\n"
        "scopes = list(ApiToken.Scope)\n"
        "answer = tokens.create_token(user=user, name='grid', scopes=scopes, days=1)[1]"
    )
    env = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "MIGRATION_LAB_URL": real_site.url,
        "MIGRATION_LAB_TOKEN": real_site.ask(make),
    }

    def run(*words: Any) -> str:
        argv = [sys.executable, str(CLIENT), *map(str, words)]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=3600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run


def grid_of(size: Size) -> list[str]:
    """The grid that the browser's form is filled in with, as the client is told it."""
    words = ["--workload", "memory:container", "--workload", "memory:process"]
    words += ["--parameter", f"memory_mib={','.join(map(str, size.memories))}"]
    words += ["--parameter", "dirty_pages_per_s=500", "--strategy", ",".join(size.strategies)]
    words += ["--source", "lab-a", "--target", "lab-b", "--trials", str(size.trials)]
    return [*words, "--warm-ups", "0", "--controls", "0", "--seed", "7"]


def test_the_client_launches_watches_and_exports_one_and_its_notebook_draws(
    by_client: Any, tmp_path: Path, size: Size
) -> None:
    grid = grid_of(size)
    assert f"{size.jobs} jobs" in by_client("experiment", "plan", *grid)
    watched = by_client("experiment", "launch", *grid, "--name", "by the client", "--watch")
    assert f"{size.jobs} of {size.jobs} trials, 0 failed" in watched
    number = json.loads(by_client("--json", "experiment", "list", "--number", 1))[0]["id"]
    cells = 2 * len(size.memories) * len(size.strategies)
    assert by_client("experiment", "results", number).count("\n") == 1 + cells
    for name in ("csv", "json", "html"):
        by_client("experiment", "export", number, "--format", name, "--to", tmp_path / name)
    trials = json.loads((tmp_path / "json").read_text())["experiment"]["trials"]
    assert len(trials) == size.jobs and {one["outcome"] for one in trials} == {"succeeded"}
    book = tmp_path / "experiment.ipynb"
    by_client("experiment", "export", number, "--format", "notebook", "--to", book)
    over_memory = len(size.memories) > 1
    assert len(drawn_by(book)) == 3 + over_memory  # stop times, gaps, (over memory,) differences


def drawn_by(book: Path) -> list[Any]:
    """The charts of a notebook that was executed."""
    argv = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", book.name]
    done = subprocess.run(
        [*argv, "--output", "done.ipynb"], cwd=book.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = json.loads((book.parent / "done.ipynb").read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [one["data"][DRAWN] for one in outputs if DRAWN in one.get("data", {})]


# --- pictures -----------------------------------------------------------------------------------
LOOKS = (
    ("wide-en", 1280, "en", "light"),
    ("wide-zh", 1280, "zh-hans", "light"),
    ("wide-en-dark", 1280, "en", "dark"),
    ("360-en", 360, "en", "light"),
    ("360-zh", 360, "zh-hans", "light"),
)


def pictures(page: Page, name: str) -> None:
    """Of the page as it is, in each look; a form is filled in again."""
    folder = os.environ.get("MIGRATION_LAB_SCREENSHOTS")
    if not folder:
        return
    browser: Browser | None = page.context.browser
    assert browser
    kept: Any = page.context.storage_state()
    base = page.url.partition("/experiments")[0]
    for look, width, language, theme in LOOKS:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            storage_state=kept,
            base_url=base,
        )
        wanted = {"django_language": language, "theme": theme}
        context.add_cookies([{"name": one, "value": wanted[one], "url": base} for one in wanted])
        other = context.new_page()
        if name == "experiment-form":
            size = SMALL if os.environ.get("MIGRATION_LAB_GRID") == "small" else WHOLE
            filled_in_any_language(other, size)
        else:
            other.goto(page.url)
            charts_in(other)
        other.evaluate("scrollTo(0, 0)")
        other.screenshot(path=str(Path(folder) / f"{name}-{look}.png"), full_page=True)
        context.close()


def filled_in_any_language(page: Page, size: Size) -> None:
    page.goto("/experiments/new/")
    for kind in ("container", "process"):
        page.check(f"[name=workloads][value='memory:{kind}']")
    for strategy in size.strategies:
        page.check(f"[name=strategies][value={strategy}]")
    page.check("label:has-text('lab-a → lab-b')")
    page.fill("[name='memory.memory_mib']", ", ".join(map(str, size.memories)))
    page.fill("[name=name]", "Memory and strategies")
    page.wait_for_selector("[data-testid=plan-jobs]")
