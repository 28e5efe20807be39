"""The launch form with and without its script."""

from __future__ import annotations

from migrations_app.models import MigrationJob


def launch_page(visit, **context):
    visitor = visit(**context)
    visitor.go("launch")
    return visitor.page


def radio(page, name):
    return page.locator(f"[data-testid={name}]")


def test_what_a_step_cannot_do_is_off_with_its_reason_and_the_choice_follows(visit):
    page = launch_page(visit)
    assert radio(page, "strategy-stop-and-copy").is_checked()
    radio(page, "step-restore-in-place-lab-a").check()
    assert radio(page, "strategy-cold").is_checked()
    assert radio(page, "strategy-pre-copy").is_disabled()
    assert page.locator("[data-refused]:visible").count() == 4
    assert page.locator("[data-places]:visible").count() == 0
    radio(page, "step-migrate-lab-b").check()
    assert radio(page, "strategy-pre-copy").is_enabled()
    assert page.locator("[data-refused]:visible").count() == 0


def test_rules_for_rounds_are_there_when_there_are_rounds(visit):
    page = launch_page(visit)
    page.click("[data-testid=options] summary")
    rules = page.locator("[data-testid=rules]")
    assert rules.is_hidden()
    for strategy, apply in (("hybrid", True), ("post-copy", False), ("pre-copy", True)):
        radio(page, f"strategy-{strategy}").check()
        assert rules.is_visible() is apply


def test_a_number_out_of_its_range_is_seen_below_its_fold_and_nothing_is_sent(visit):
    page = launch_page(visit)
    page.click("[data-testid=options] summary")
    page.fill("[name=bandwidth_limit_mbit_s]", "0")
    page.click("[data-testid=options] summary")
    page.click("[data-testid=launch]")
    page.wait_for_selector("[data-testid=options][open]")
    assert "/launch/" in page.url
    page.fill("[name=bandwidth_limit_mbit_s]", "500")
    page.click("[data-testid=launch]")
    page.wait_for_selector("[data-testid=job]")
    job = MigrationJob.objects.order_by("pk").last()
    assert (job.strategy, job.bandwidth_limit_mbit_s) == ("stop-and-copy", 500)


def test_without_scripts_everything_is_shown_and_can_be_sent(visit):
    page = launch_page(visit, java_script_enabled=False)
    assert page.locator("[data-refused]:visible").count() == 4
    assert page.locator("[data-places]:visible").count() == 4
    page.locator("[data-testid=options] summary").click()
    assert page.locator("[data-testid=rules]").is_visible()
    radio(page, "strategy-pre-copy").check()
    page.fill("[name=most_rounds]", "2")
    page.click("[data-testid=launch]")
    page.wait_for_selector("[data-testid=job]")
    job = MigrationJob.objects.order_by("pk").last()
    assert (job.strategy, job.pre_copy["most_rounds"]) == ("pre-copy", 2)


def test_connections_come_along_by_themselves_where_the_strategy_can_take_them(visit):
    visitor = visit()
    visitor.go("launch with clients")
    page, tick = visitor.page, visitor.page.locator("[name=tcp_established]")
    assert tick.is_visible() and tick.is_checked()
    assert page.locator("[data-testid=serves]").is_visible()
    for strategy, taken in (("cold", False), ("hybrid", True)):
        radio(page, f"strategy-{strategy}").check()
        assert tick.is_checked() is taken
    tick.uncheck()  # by hand: then it stays
    radio(page, "strategy-pre-copy").check()
    assert not tick.is_checked()
    visitor.go("launch")
    assert not page.locator("[name=tcp_established]").is_checked()
    assert visitor.complaints == []
