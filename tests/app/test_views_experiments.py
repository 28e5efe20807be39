"""Pages of experiments: planned, launched, watched, changed."""

import pytest

from migrations_app.engine.plan import LINK
from migrations_app.models import Experiment, Host, Trial
from tests.fakes import failed

from .makers import make_host
from .pages import text_of
from .runs import FACTS
from .trial_work import make_experiment, two_hosts, work_off

pytestmark = pytest.mark.django_db


def filled(a, b, **changes):
    form = {
        "name": "memory",
        "workloads": ["memory:container"],
        "memory.memory_mib": "16, 64",
        "strategies": ["stop-and-copy", "pre-copy"],
        "pairs": [f"{a.pk}:{b.pk}"],
        "compression": ["none"],
        "encrypted": ["yes"],
        "trials": 3,
        "warm_ups": 1,
        "controls": 1,
        "cool_down_s": 0,
    }
    return form | changes


def test_the_list_says_what_to_do_when_there_is_nothing(browser):
    assert "experiments/new/" in text_of(browser.get("/experiments/"))


def test_the_plan_follows_the_form_before_anything_is_launched(browser):
    page = text_of(browser.post("/experiments/plan/", filled(*two_hosts(), name="")))
    assert "16 jobs" in page and "Nothing is known of 14 of them" in page
    assert not Experiment.objects.exists()


def test_the_plan_of_a_grid_that_is_far_too_large_is_refused_with_the_number(browser):
    numbers = ",".join(map(str, range(1, 501)))
    page = text_of(
        browser.post("/experiments/plan/", filled(*two_hosts(), **{"memory.memory_mib": numbers}))
    )
    assert 'data-testid="plan-refused"' in page and "2000" in page


def test_the_plan_says_why_a_strategy_can_not_be_chosen(browser):
    a, b = two_hosts()
    problem = {"code": "criu-missing", "severity": "fail", "kinds": ["process", "container"]}
    Host.objects.filter(pk=b.pk).update(problems=[problem], state="limited")
    page = text_of(browser.post("/experiments/plan/", filled(a, b)))
    assert page.count('data-testid="plan-blocked"') == 2 and b.name in page


def test_a_form_that_is_not_filled_in_yet_has_a_plan_that_says_so(browser):
    page = text_of(browser.post("/experiments/plan/", {"name": ""}))
    assert 'data-testid="plan-incomplete"' in page


def test_what_is_launched_is_the_grid_of_the_form(browser):
    a, b = two_hosts()
    answer = browser.post("/experiments/new/", filled(a, b, seed="7", notes="why"))
    experiment = Experiment.objects.get()
    assert answer.url == f"/experiments/{experiment.pk}/"
    assert (experiment.seed, experiment.notes, experiment.trials.count()) == (7, "why", 16)
    assert experiment.grid["workloads"][0]["parameters"]["memory_mib"] == [16, 64]
    assert experiment.created_by.username == "teacher"


@pytest.mark.parametrize(
    ("given", "links"),
    [
        ({}, [(None, None, None)]),
        ({"unshaped": "on"}, [(None, None, None)]),
        ({"link_rate_mbit_s": "100"}, [(100, None, None)]),
        (
            {"link_rate_mbit_s": "10, 100", "unshaped": "on"},
            [(10, None, None), (100, None, None), (None, None, None)],
        ),
        (
            {"link_delay_ms": "5", "link_loss_percent": "0.5,1"},
            [(None, 5, 0.5), (None, 5, 1.0)],
        ),
    ],
)
def test_every_combination_of_what_is_given_of_the_link_is_a_setting(browser, given, links):
    browser.post("/experiments/new/", filled(*two_hosts(), **given))
    experiment = Experiment.objects.get()
    assert [tuple(link[name] for name in LINK) for link in experiment.grid["links"]] == links


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("link_rate_mbit_s", "0"),
        ("link_rate_mbit_s", "1.5"),
        ("link_delay_ms", "2001"),
        ("link_loss_percent", "51"),
        ("link_loss_percent", "1e1"),
        ("link_loss_percent", "nan"),
    ],
)
def test_a_link_that_is_out_of_range_is_refused_at_its_field(browser, name, value):
    page = text_of(browser.post("/experiments/new/", filled(*two_hosts(), **{name: value})))
    assert f'id="id_{name}_error"' in page and not Experiment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_link_is_a_factor_on_the_page(browser, engine, sent):
    links = [dict(zip(LINK, link, strict=True)) for link in ((100, None, None), (None,) * 3)]
    experiment = make_experiment(links=links, trials=1)
    work_off(sent)
    page = text_of(browser.get(f"/experiments/{experiment.pk}/"))
    assert "link: 100 Mbit/s" in page and "link as it is" in page


@pytest.mark.parametrize("value", ["a", "0", "1.5", "64;128", "-1", "9" * 400, "=1+1", "１６"])
def test_a_list_of_numbers_that_is_none_is_refused_at_its_field(browser, value):
    form = filled(*two_hosts(), **{"memory.memory_mib": value})
    page = text_of(browser.post("/experiments/new/", form))
    assert "is no whole number from 1 to" in page
    assert not Experiment.objects.exists()


def test_numbers_may_have_chinese_commas_between_them(browser):
    form = filled(*two_hosts(), **{"memory.memory_mib": "16，64、128"})
    browser.post("/experiments/new/", form)
    assert Experiment.objects.get().grid["workloads"][0]["parameters"]["memory_mib"] == [
        16,
        64,
        128,
    ]


def test_a_refusal_stands_on_top_of_the_form_and_keeps_what_was_typed(browser):
    a, b = make_host(facts=FACTS), make_host(facts={**FACTS, "architecture": "aarch64"})
    page = text_of(browser.post("/experiments/new/", filled(a, b)))
    assert 'data-testid="refused"' in page and 'value="memory"' in page


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_cells_charts_differences_and_links_to_jobs(browser, engine, sent):
    experiment = make_experiment(
        trials=5,
        warm_ups=1,
        controls=1,
        workloads=[
            {"type": "memory", "kind": "process", "parameters": {"memory_mib": [1, 16]}},
        ],
    )
    work_off(sent)
    page = text_of(browser.get(f"/experiments/{experiment.pk}/"))
    for part in ("cells", "differences", "sentences", "progress"):
        assert f'data-testid="{part}"' in page
    assert page.count('class="panel chart"') == 4
    assert "812" in page and "finished" in page
    trials = text_of(browser.get(f"/experiments/{experiment.pk}/trials/"))
    assert "warm-up" in trials and "control run" in trials
    job = Trial.objects.filter(job__isnull=False).first().job_id
    assert f'href="/jobs/{job}/"' in trials


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("metric", ["observed_gap_ms", "create_time_ms", "no-such", "<script>"])
def test_every_metric_can_be_asked_for_also_one_without_figures(browser, engine, sent, metric):
    experiment = make_experiment(controls=1)
    work_off(sent)
    page = browser.get(f"/experiments/{experiment.pk}/", {"metric": metric})
    assert page.status_code == 200 and b"<script>&" not in page.content


def test_a_page_without_any_figure_says_what_is_going_on(browser):
    page = text_of(browser.get(f"/experiments/{make_experiment().pk}/"))
    assert "0 of 4" in page and "hx-get" in page


def test_pausing_going_on_and_cancelling_are_buttons(browser):
    experiment = make_experiment()
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        browser.post(f"/experiments/{experiment.pk}/{action}/")
        assert Experiment.objects.get().status == status


def test_what_can_not_be_done_any_more_is_said(browser):
    experiment = make_experiment()
    browser.post(f"/experiments/{experiment.pk}/cancel/")
    page = text_of(browser.post(f"/experiments/{experiment.pk}/pause/", follow=True))
    assert "does not run" in page


@pytest.mark.django_db(transaction=True)
def test_an_experiment_that_paused_itself_says_why_and_offers_to_repeat(browser, engine, sent):
    engine.on_migrate = lambda plan, observer, cancelled: failed(plan, code="dump-failed")
    experiment = make_experiment(trials=5)
    work_off(sent)
    page = text_of(browser.get(f"/experiments/{experiment.pk}/"))
    assert "Five trials failed one after the other" in page
    assert 'data-testid="rerun-failed"' in page
    engine.on_migrate = None
    browser.post(f"/experiments/{experiment.pk}/rerun/")
    assert Trial.objects.filter(state="done").count() == 0


@pytest.mark.parametrize("text", ["2", "0", "many", "", "99999999", "²"])
def test_trials_are_added_or_refused_with_the_reason(browser, text):
    experiment = make_experiment()
    page = text_of(
        browser.post(f"/experiments/{experiment.pk}/add/", {"trials": text}, follow=True)
    )
    added = 4 if text == "2" else 0
    assert experiment.trials.count() == 4 + added
    assert ("4 trials were added" in page) is (text == "2")


def test_notes_with_script_in_them_are_text(browser):
    experiment = make_experiment()
    notes = "<script>alert(1)</script>"
    browser.post(f"/experiments/{experiment.pk}/edit/", {"name": "x", "notes": notes})
    page = text_of(browser.get(f"/experiments/{experiment.pk}/"))
    assert "&lt;script&gt;alert" in page and notes not in page


def test_pairs_are_offered_of_hosts_on_which_jobs_may_run(browser):
    a, b = two_hosts()
    away = make_host(state="unreachable")
    page = text_of(browser.get("/experiments/new/"))
    assert f'value="{a.pk}:{b.pk}"' in page and f'value="{a.pk}:{away.pk}"' not in page


@pytest.mark.parametrize("path", ["", "live/", "trials/"])
def test_an_experiment_that_is_not_there_is_not_found(browser, path):
    assert browser.get(f"/experiments/99/{path}").status_code == 404


def test_pages_cost_the_same_whatever_the_number_of_trials(browser, django_assert_max_num_queries):
    experiment = make_experiment(trials=100)
    with django_assert_max_num_queries(25):
        browser.get(f"/experiments/{experiment.pk}/")
    with django_assert_max_num_queries(15):
        browser.get(f"/experiments/{experiment.pk}/trials/")


def test_a_workload_is_offered_only_as_what_it_can_be(browser):
    a, b = two_hosts()
    page = text_of(browser.get("/experiments/new/"))
    assert 'value="files:container"' in page and 'value="files:process"' not in page
    form = filled(a, b, workloads=["files:process"])
    browser.post("/experiments/new/", form)
    assert not Experiment.objects.exists()
