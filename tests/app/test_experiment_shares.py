"""A link to an experiment: it shows everything but where it was run, by whom, and on what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from migrations_app import selectors_sharing
from migrations_app.exports.formats import FORMATS
from migrations_app.models import Experiment, Share, Trial
from migrations_app.services import share as services

from .experiment_rows import measured
from .makers import make_host
from .pages import text_of
from .runs import FACTS, report
from .test_shares import address
from .trial_work import make_experiment

pytestmark = pytest.mark.django_db
# In names of hosts, which are factors here, in addresses, facts, messages, notes and the title.
TELLING = (
    *("gondor", "rohan", "minas-tirith", "10.77.1", "wanglei", "hunter2", "/home"),
    *("3f4e9ac01b22", "q3hJ0m5yq1Wl"),
)


@pytest.fixture
def told(student) -> Experiment:
    hosts = [
        make_host("gondor-7", address="10.77.1.5", facts={**FACTS, "hostname": "minas-tirith"}),
        make_host("rohan-3", address="10.77.1.6"),
    ]
    User.objects.create_user("wanglei", email="wanglei@example.cn")
    whole = report()
    whole["environment"] = {"source": {**FACTS, "kernel": "6.1-gondor-7"}, "target": FACTS}
    whole["warnings"] = ["answer-lost: rohan-3 at 10.77.1.6"]
    excerpt = "Error (x.c:1): /home/wanglei/x on minas-tirith, SHA256:" + "q3hJ0m5yq1Wl" * 3
    whole["error"] = {"code": "dump-failed", "message": "x", "log_excerpt": excerpt}
    both_ways = [[hosts[0].pk, hosts[1].pk], [hosts[1].pk, hosts[0].pk]]
    experiment = measured(
        hosts,
        owner=student,
        name="gondor-7 against rohan-3, by wanglei",
        whole_report=whole,
        pairs=both_ways,
    )
    Experiment.objects.update(notes="run on gondor-7 (10.77.1.5), token hunter2")
    failed = Trial.objects.get(outcome="failed").job
    failed.error_message = "rohan-3 (10.77.1.6): wanglei@minas-tirith, 3f4e9ac01b22ffee"
    failed.save()
    experiment.refresh_from_db()
    return experiment


def link(experiment: Experiment, owner: User, *, live: bool = False) -> Share:
    snapshot = None if live else selectors_sharing.snapshot_of_experiment(experiment)
    return services.share_experiment(experiment=experiment, owner=owner, days=7, snapshot=snapshot)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("live", [True, False])
def test_page_report_and_every_export_name_no_host_address_person_or_path(
    client, told, student, live, language
):
    share = link(told, student, live=live)
    asked = [(address(share), {}), (address(share, "shared-report"), {})]
    asked += [(address(share, "shared-export", name), {}) for name in FORMATS]
    tables = ("runs", "phases", "rounds", "trials", "cells")
    asked += [(address(share, "shared-export", "csv"), {"table": name}) for name in tables]
    for page, more in asked:
        answer = client.get(page, {"lang": language, **more})
        assert answer.status_code == 200, page
        text = answer.content.decode().lower()
        assert [word for word in TELLING if word in text] == [], (page, more)


def test_hosts_that_are_factors_are_lettered_in_tables_and_charts(client, told, student):
    page = text_of(client.get(address(link(told, student)), {"lang": "en"}))
    assert "host A → host B" in page and "host B → host A" in page
    charts = "".join(part.partition("</svg>")[0] for part in page.split("<svg")[1:])
    assert "host A → host B" in charts


def test_a_snapshot_stays_a_live_link_follows_and_both_end(client, told, student):
    kept, live = link(told, student), link(told, student, live=True)
    Experiment.objects.update(name="renamed")
    assert "renamed" not in text_of(client.get(address(kept)))
    assert "renamed" in text_of(client.get(address(live)))
    services.revoke_share(share=live, user=student)
    Share.objects.filter(pk=kept.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answers = [client.get(address(one, "shared-report")) for one in (kept, live)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_a_snapshot_outlives_its_experiment(client, told, student):
    kept, live = link(told, student), link(told, student, live=True)
    told.delete()
    assert client.get(address(kept)).status_code == 200
    assert client.get(address(live)).status_code == 404
    client.force_login(student)
    assert "an experiment that was removed" in text_of(client.get(reverse("share-list")))


def test_a_live_link_ends_when_its_owner_may_not_see_it_any_more(client, told, student):
    live = link(told, student, live=True)
    Experiment.objects.update(created_by=User.objects.create_user("another"))
    assert client.get(address(live)).status_code == 404


def test_the_form_makes_a_link_with_a_code_and_takes_it_back(browser, told):
    form = reverse("experiment-share", args=[told.pk])
    page = reverse("experiment-detail", args=[told.pk])
    assert form in text_of(browser.get(page))
    made = browser.post(form, {"shows": "snapshot", "lasts": "30"})
    share = Share.objects.get()
    shown = text_of(browser.get(made.url))
    assert address(share) in shown and "<svg" in shown and page in shown
    browser.post(reverse("share-revoke", args=[share.pk]))
    assert browser.get(address(share)).status_code == 404


def test_one_of_which_no_trial_has_ended_can_be_shared_live_only(browser):
    form = reverse("experiment-share", args=[make_experiment().pk])
    refused = text_of(browser.post(form, {"shows": "snapshot", "lasts": "30"}))
    assert "No trial of this experiment has ended yet" in refused
    assert not Share.objects.exists()
    browser.post(form, {"shows": "live", "lasts": "30"})
    shown = text_of(browser.get(address(Share.objects.get()), {"lang": "en"}))
    assert "not ended: 4" in shown


def test_a_snapshot_from_before_experiments_could_be_shared_still_opens(client, student, told):
    job = Trial.objects.exclude(job=None).first().job
    share = services.share_job(
        job=job, owner=student, days=7, snapshot=selectors_sharing.snapshot_of_job(job)
    )
    old = {name: value for name, value in share.document.items() if name != "experiment"}
    Share.objects.filter(pk=share.pk).update(document=old)
    for name in ("shared", "shared-report"):
        assert client.get(address(share, name)).status_code == 200
    for name in FORMATS:
        assert client.get(address(share, "shared-export", name)).status_code == 200
