"""The exercise in a browser, on real lab hosts: start, launch, watch, read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import launched

pytestmark = [pytest.mark.integration, pytest.mark.browser]

NAME = "journey"
SOON_MS = 30_000
A_RUN_MS = 120_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(real_site, chromium) -> Iterator[Page]:
    """Signed in, with a counter that runs on the first lab host; it is removed at the end."""
    page = chromium.new_page(base_url=real_site.url)
    page.goto("/login/")
    page.fill("#id_username", real_site.username)
    page.fill("#id_password", real_site.password)
    page.click("[data-testid=login]")
    start_counter(page)
    yield page
    remove(page)
    page.close()


def start_counter(page: Page) -> None:
    page.goto("/workloads/new/?type=counter")
    page.fill("[name=name]", NAME)
    page.select_option("[name=host]", label="lab-a")
    page.fill("[name=parameter-interval_ms]", "100")
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


def remove(page: Page) -> None:
    page.goto("/workloads/")
    page.click(f"[data-testid=workloads] >> text={NAME}")
    page.click("[data-testid=remove]")
    page.wait_for_selector("[data-testid=message].tone-ok")


def launch(page: Page, step: str) -> None:
    """From the list of workloads to the page of the new job."""
    page.goto("/workloads/")
    page.click(f"[data-testid=workloads] tr:has-text('{NAME}') >> text=Launch")
    page.check(f"[data-testid={step}]")
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
    number = page.inner_text(".crumbs >> nth=0").rpartition("#")[2]
    page.goto(f"/history/?workload={NAME}")
    for metric in ("stop_time_ms", "transfer_time_ms"):
        page.wait_for_selector(f"[data-testid=chart-{metric}] .point", state="attached")
    assert page.locator(f"[data-testid=history-table] >> text=#{number}").count() == 1
