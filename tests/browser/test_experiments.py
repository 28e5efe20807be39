"""Pages of experiments in every look, and a launch from the form to the page."""

from __future__ import annotations

import pytest

from migrations_app.models import Experiment, Share

from .test_pages import LOOKS, violations_of


def about_experiments(visitor) -> list[str]:
    return [name for name in visitor.addresses if "experiment" in name]


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_on_any_page_of_an_experiment_in_any_look(visit, look):
    visitor = visit(language=look[0], theme=look[1])
    names = about_experiments(visitor)
    assert len(names) > 8
    assert violations_of(visitor, names) == {}
    assert visitor.complaints == []


def test_an_experiment_is_planned_and_launched_from_the_form(visit, monkeypatch):
    monkeypatch.setattr("migrations_app.services.queue.deliver", lambda task, row_id: None)
    visitor = visit()
    visitor.go("experiment form")
    page = visitor.page
    page.wait_for_selector("[data-testid=plan-incomplete]")
    page.check("[name=workloads][value='memory:process']")
    page.fill("[name='memory.memory_mib']", "16, 64")
    page.check("[name=strategies][value=cold]")
    page.check("label:has-text('bench-1 → bench-2')")
    page.wait_for_selector("[data-testid=plan-jobs]:has-text('13 jobs')")
    page.fill("[name=name]", "by hand")
    page.click("[data-testid=launch-experiment]")
    page.wait_for_selector("[data-testid=progress][data-status=running]")
    assert Experiment.objects.get(name="by hand").trials.count() == 13


def test_an_experiment_is_shared_and_taken_back(visit):
    visitor = visit()
    visitor.go("experiment")
    page = visitor.page
    page.click("[data-testid=share]")
    page.click("button[data-testid=share]")
    link = page.locator("[data-testid=link]").inner_text()
    page.goto(link)
    assert page.locator("[data-testid=cells] tbody tr").count() == 8
    assert "bench-1" not in page.content() and "host A" in page.content()
    page.go_back()
    page.click("[data-testid=revoke]")
    page.wait_for_selector("[data-testid=message].tone-ok")
    assert page.goto(link).status == 404
    assert Share.objects.latest("pk").revoked_at
