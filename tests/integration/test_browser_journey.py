"""The exercise in a browser, on real lab hosts: start, launch, watch, read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from migrations_app.engine import Strategy
from tests.browser.chromium import launched

pytestmark = [pytest.mark.integration, pytest.mark.browser]

NAME = "journey"
COMPARED = "compared"  # goes by each strategy
SOON_MS = 30_000
A_RUN_MS = 120_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def signed_in(real_site, chromium) -> Iterator[Page]:
    page = chromium.new_page(base_url=real_site.url)
    page.goto("/login/")
    page.fill("#id_username", real_site.username)
    page.fill("#id_password", real_site.password)
    page.click("[data-testid=login]")
    page.wait_for_selector("#strip", state="attached")
    yield page
    page.close()


@pytest.fixture
def page(signed_in) -> Iterator[Page]:
    """With a counter that runs on the first lab host; it is removed at the end."""
    start(signed_in, NAME, "counter", interval_ms=100)
    yield signed_in
    remove(signed_in, NAME)


@pytest.fixture
def with_memory(signed_in) -> Iterator[Page]:
    """With a workload whose memory changes while it runs."""
    start(signed_in, COMPARED, "memory", memory_mib=32, dirty_pages_per_s=500, interval_ms=10)
    yield signed_in
    remove(signed_in, COMPARED)


def start(page: Page, name: str, type_name: str, **parameters: int) -> None:
    page.goto(f"/workloads/new/?type={type_name}")
    page.fill("[name=name]", name)
    page.select_option("[name=host]", label="lab-a")
    for parameter, value in parameters.items():
        page.fill(f"[name=parameter-{parameter}]", str(value))
    page.click("[data-testid=workload-form] button")
    wait_until_it_runs(page)


def wait_until_it_runs(page: Page) -> None:
    """On the workload's own page, which shows what the worker wrote when it is loaded again."""
    for _attempt in range(SOON_MS // 500):
        if page.locator(".page-head [data-state=running]").count():
            return
        page.wait_for_timeout(500)
        page.reload()
    pytest.fail(page.inner_text("main"))


def remove(page: Page, name: str) -> None:
    page.goto("/workloads/")
    page.click(f"[data-testid=workloads] >> text={name}")
    page.click("[data-testid=remove]")
    page.wait_for_selector("[data-testid=message].tone-ok")


def launch(page: Page, step: str, name: str = NAME, strategy: str | None = None) -> None:
    """From the list of workloads to the page of the new job."""
    page.goto("/workloads/")
    page.click(f"[data-testid=workloads] tr:has-text('{name}') >> text=Launch")
    page.check(f"[data-testid={step}]")
    if strategy:
        page.check(f"[data-testid=strategy-{strategy}]")
    page.click("[data-testid=launch]")
    page.wait_for_selector("[data-testid=job]")


def watch(page: Page) -> None:
    """To the end, without a reload."""
    page.evaluate("window.stillHere = true")
    page.wait_for_selector("[data-testid=job][data-running=no]", timeout=A_RUN_MS)
    assert page.get_attribute("[data-testid=job]", "data-status") == "succeeded", said_by(page)
    assert page.evaluate("window.stillHere")


def said_by(page: Page) -> str:
    return page.inner_text("main")


@pytest.mark.parametrize(
    "step",
    ["step-restore-in-place-lab-a", "step-local-clone-lab-a", "step-migrate-lab-b"],
)
def test_each_step_of_the_exercise_ends_with_a_proof(page, step):
    launch(page, step)
    watch(page)
    assert page.locator("[data-testid=proof] [data-state=passed]").count() == 1, said_by(page)
    stop_time = page.inner_text("[data-metric=stop_time_ms] .big-number")
    assert stop_time.endswith(("s", "ms"))
    assert page.locator("[data-waterfall] .wf-stop").count() == 1
    assert page.locator("[data-testid=commands] li").count() > 0


def test_a_migration_stands_in_the_history_with_its_charts(page):
    launch(page, "step-migrate-lab-b")
    watch(page)
    assert page.locator("[data-waterfall] .wf-transfer").count() == 1
    number = number_of(page)
    for metric in ("stop_time_ms", "transfer_time_ms"):
        page.goto(f"/history/?workload={NAME}&metric={metric}")
        page.wait_for_selector(f"[data-testid=chart-{metric}] .point", state="attached")
    assert page.locator(f"[data-testid=history-table] >> text=#{number}").count() == 1


def number_of(page: Page) -> str:
    """Of the job whose page is shown."""
    return page.inner_text(".crumbs >> nth=0").rpartition("#")[2].strip()


def wait_until_it_can_be_launched(page: Page, name: str) -> None:
    """The worker has looked at it after the last job, and knows that it runs."""
    row = f"[data-testid=workloads] tr:has-text('{name}')"
    for _attempt in range(SOON_MS // 500):
        page.goto("/workloads/")
        if page.locator(f"{row} [data-state=running]").count():
            return
        page.wait_for_timeout(500)
    pytest.fail(page.inner_text("main"))


def test_the_same_workload_goes_by_each_strategy_and_the_history_compares_them(with_memory):
    """Back and forth, five jobs, each with its proof."""
    page, numbers, targets = with_memory, {}, ["lab-b", "lab-a"]
    for strategy in Strategy:
        wait_until_it_can_be_launched(page, COMPARED)
        launch(page, f"step-migrate-{targets[0]}", COMPARED, strategy)
        watch(page)
        assert page.locator("[data-testid=proof] [data-state=passed]").count() == 1, said_by(page)
        numbers[strategy] = number_of(page)
        targets.reverse()
    page.goto(f"/history/?workload={COMPARED}")
    page.wait_for_selector("[data-testid=chart-stop_time_ms] .point", state="attached")
    for strategy, number in numbers.items():
        row = page.locator(f"[data-testid=history-table] tr:has-text('#{number}')")
        assert row.locator(f".strategy-{strategy}").count() == 1, said_by(page)
        assert page.locator(f"th .strategy-{strategy}").count() >= 1, said_by(page)
