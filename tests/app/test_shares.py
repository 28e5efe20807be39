"""Shared links: who can make them, what they show, and when they lead nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from migrations_app import selectors_sharing, throttle
from migrations_app.exports.formats import FORMATS
from migrations_app.models import MigrationJob, Share
from migrations_app.services import share as services

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of
from .runs import FACTS, PHASES, add_phases, fast_report, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def telling(student) -> MigrationJob:
    """A run in which hosts, addresses, people and paths stand wherever they can."""
    hosts = [
        make_host("gondor-7", address="10.77.1.5", facts={**FACTS, "hostname": "minas-tirith"}),
        make_host("rohan-3", address="10.77.1.6"),
    ]
    User.objects.create_user("wanglei", email="wanglei@example.cn")
    told = fast_report("pre-copy", 402.0)
    told["environment"] = {"source": {**FACTS, "kernel": "6.1-gondor-7"}, "target": FACTS}
    told["commands"][0]["argv"] = [
        *("/usr/local/bin/docker", "create", "--name", "cr-gondor-7", "--env", "TOKEN=hunter2"),
        *("--images-dir=/home/wanglei/images", "10.77.1.6:4411", "3f4e9ac01b22ffee"),
    ]
    told["logs"][0]["text"] = "dump on minas-tirith by wanglei"
    told["warnings"] = ["answer-lost: rohan-3 at 10.77.1.6"]
    excerpt = "Error (x.c:1): /home/wanglei/x on minas-tirith, SHA256:" + "q3hJ0m5yq1Wl" * 3
    told["error"] = {"code": "restore-failed", "message": "x", "log_excerpt": excerpt}
    job = finished(
        workload=make_workload(hosts[0], name="cr-wanglei"),
        source=hosts[0],
        target=hosts[1],
        strategy="pre-copy",
        report=told,
        created_by=student,
        status="failed",
        error_code="restore-failed",
        error_message="rohan-3 (10.77.1.6): wanglei@minas-tirith said no",
    )
    add_phases(job, PHASES)
    return job


TELLING = (
    *("gondor", "rohan", "minas-tirith", "10.77.1", "wanglei", "hunter2", "/home", "/usr/local"),
    *("3f4e9ac01b22", "q3hJ0m5yq1Wl", "student", "/var/lib"),
)


def make(job: MigrationJob, owner: User, *, live: bool = False, days: int = 7) -> Share:
    snapshot = None if live else selectors_sharing.snapshot_of_job(job)
    return services.share_job(job=job, owner=owner, days=days, snapshot=snapshot)


def address(share: Share, name: str = "shared", *more: str) -> str:
    return reverse(name, args=[services.token_of(share), *more])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("live", [True, False])
def test_page_report_and_every_export_name_no_host_address_person_or_path(
    client, telling, student, live, language
):
    share = make(telling, student, live=live)
    pages = [address(share), address(share, "shared-report")]
    pages += [address(share, "shared-export", name) for name in FORMATS]
    for page in pages:
        response = client.get(page, {"lang": language})
        assert response.status_code == 200, page
        text = response.content.decode()
        found = [word for word in TELLING if word.lower() in text.lower()]
        # The report leaves room for a student number, and names itself.
        assert [word for word in found if word != "student"] == [], page
        assert "402" in text


def test_a_shared_page_can_not_be_kept_indexed_or_traced(client, telling, student):
    response = client.get(address(make(telling, student)))
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert response.cookies == {}


def test_guessed_expired_and_revoked_get_one_and_the_same_answer(client, student):
    job = finished()
    expired, revoked = make(job, student), make(job, student)
    Share.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    services.revoke_share(share=revoked, user=student)
    answers = [
        client.get(page)
        for page in (
            reverse("shared", args=["guessed"]),
            address(expired),
            address(revoked),
            address(revoked, "shared-report"),
            address(revoked, "shared-export", "json"),
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "leads nowhere" in text_of(answers[0])


def test_who_guesses_too_often_is_held_back_for_a_while(client, student):
    share = make(finished(), student)
    for _number in range(throttle.MOST_MISSES):
        client.get(reverse("shared", args=["guessed"]))
    assert client.get(address(share)).status_code == 404
    elsewhere = {"REMOTE_ADDR": "10.1.2.3"}
    assert client.get(address(share), **elsewhere).status_code == 200


def test_dead_links_hold_nobody_back(client, student):
    revoked, good = make(finished(), student), make(finished(), student)
    services.revoke_share(share=revoked, user=student)
    for _number in range(throttle.MOST_MISSES + 1):
        client.get(address(revoked))
    assert client.get(address(good)).status_code == 200


def test_a_snapshot_stays_as_it_was_and_a_live_link_does_not(client, student):
    job = finished(report=report(), workload=make_workload(name="cr"), created_by=student)
    snapshot, live = make(job, student), make(job, student, live=True)
    changed = {**report(), "metrics": {"stop_time_ms": 777.0}}
    MigrationJob.objects.filter(pk=job.pk).update(report=changed)
    assert "0.777" not in text_of(client.get(address(snapshot)))
    assert "0.777" in text_of(client.get(address(live)))


def test_live_links_end_with_their_owners_account(client, student):
    share = make(finished(created_by=student), student, live=True)
    assert client.get(address(share)).status_code == 200
    User.objects.filter(pk=student.pk).update(is_active=False)
    assert client.get(address(share)).status_code == 404


def test_the_database_alone_does_not_give_the_token(student, settings):
    share = make(finished(), student)
    token = services.token_of(share)
    row = Share.objects.filter(pk=share.pk).values().get()
    assert token and len(token) == 43
    assert all(token not in str(value) for value in row.values())
    settings.SECRET_KEY = "another"
    assert services.token_of(share) is None
    assert selectors_sharing.share_known_by(token) == share


def test_opening_is_counted(client, student):
    share = make(finished(), student)
    client.get(address(share))
    client.get(address(share))
    share.refresh_from_db()
    assert share.opened == 2 and share.opened_at


def test_only_get_and_head_are_answered(client, student):
    share = make(finished(), student)
    assert client.post(address(share)).status_code == 405


# --- making them --------------------------------------------------------------------------------
def test_a_link_is_made_shown_with_its_code_and_taken_back(browser, client, student):
    job = finished()
    page = reverse("job-share", args=[job.pk])
    made = browser.post(page, {"shows": "snapshot", "lasts": "30"})
    share = Share.objects.get()
    assert made.url == reverse("share-detail", args=[share.pk])
    shown = text_of(browser.get(made.url))
    assert address(share) in shown and "<svg" in shown
    browser.post(reverse("share-revoke", args=[share.pk]))
    assert browser.get(address(share)).status_code == 404
    share.refresh_from_db()
    assert share.revoked_at and not share.is_open
    assert address(share) not in text_of(browser.get(made.url))


def test_what_runs_can_be_shared_live_only(browser):
    job = make_job(status="running", started_at=timezone.now())
    page = reverse("job-share", args=[job.pk])
    refused = browser.post(page, {"shows": "snapshot", "lasts": "30"})
    assert "has not ended yet" in text_of(refused) and not Share.objects.exists()
    browser.post(page, {"shows": "live", "lasts": "30"})
    assert Share.objects.get().is_live


@pytest.mark.parametrize("lasts", ["0", "9999", "x", ""])
def test_a_time_that_is_not_offered_is_refused(browser, lasts):
    page = reverse("job-share", args=[finished().pk])
    assert browser.post(page, {"shows": "live", "lasts": lasts}).status_code == 200
    assert not Share.objects.exists()


def test_runs_side_by_side_are_shared_by_the_historys_filters(browser):
    finished(workload=make_workload(name="chosen"))
    finished(workload=make_workload(name="elsewhere"))
    page = f"{reverse('history-share')}?workload=chosen"
    assert "Share 1 run side by side" in text_of(browser.get(page))
    browser.post(page, {"shows": "snapshot", "lasts": "1"})
    shown = text_of(browser.get(address(Share.objects.get())))
    assert "chosen" in shown and "elsewhere" not in shown


def test_a_comparison_is_shared_with_its_groups(browser):
    first, second = (finished(workload=make_workload(name=name)) for name in ("one", "two"))
    third = finished(workload=first.workload)
    query = f"g={first.pk},{third.pk}&g=workload%3Dtwo&g=strategy%3Dnone-such"
    assert reverse("history-share") in text_of(browser.get(f"{reverse('compare')}?{query}"))
    browser.post(f"{reverse('history-share')}?{query}", {"shows": "live", "lasts": "1"})
    share = Share.objects.get()
    told = selectors_sharing.document_of(share)
    assert told and told["groups"] == [
        {"letter": "A", "jobs": [first.pk, third.pk]},
        {"letter": "B", "jobs": [second.pk]},
    ]
    shown = text_of(browser.get(address(share)))
    assert '<th scope="row">A Cold' in shown and '<th scope="row">B Cold' in shown
    assert reverse("compare") in text_of(browser.get(reverse("share-list")))


def test_nothing_can_not_be_shared(browser):
    page = reverse("history-share")
    assert "There is no run to share" in text_of(
        browser.post(page, {"shows": "snapshot", "lasts": "1"})
    )


def test_somebody_elses_link_is_not_found_but_staff_may_take_it_back(client, student, teacher):
    share = make(finished(), User.objects.create_user("other"))
    client.force_login(student)
    browser = client
    assert browser.get(reverse("share-detail", args=[share.pk])).status_code == 404
    assert browser.post(reverse("share-revoke", args=[share.pk])).status_code == 404
    client.force_login(teacher)
    client.post(reverse("share-revoke", args=[share.pk]))
    share.refresh_from_db()
    assert share.revoked_at
    with pytest.raises(services.ShareRefused):
        services.revoke_share(share=share, user=student)


def test_nobody_has_more_than_so_many_open_links(student, monkeypatch):
    monkeypatch.setattr(services, "MOST_OPEN", 1)
    job = finished()
    make(job, student)
    with pytest.raises(services.ShareRefused, match="share-too-many"):
        make(job, student)
