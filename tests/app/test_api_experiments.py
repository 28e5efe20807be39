"""Experiments and links by the API: the same rules as their pages."""

from __future__ import annotations

import json

import pytest

from migrations_app.exports.formats import FORMATS
from migrations_app.models import ApiToken, Experiment, Share, Trial
from migrations_app.results_experiment import experiment_part

from .experiment_rows import grid_between, measured
from .makers import make_host, make_workload
from .pages import finished
from .runs import FACTS
from .test_api import Caller, problem_of
from .trial_work import grid_of, make_experiment, two_hosts

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(teacher, sent):
    return Caller(teacher)


def asked(*pairs, **changes):
    return {"name": "by program", "grid": grid_of(*pairs), "seed": 7} | changes


def test_an_experiment_is_previewed_launched_listed_and_shown(call):
    body = asked(two_hosts())
    plan = call("POST", "/experiments/preview", {"grid": body["grid"]}).json()
    assert (plan["jobs"], plan["cells"], plan["blocked"]) == (4, 2, [])
    assert plan["seconds"] is None and plan["unknown"] == 4
    assert not Experiment.objects.exists()
    made = call("POST", "/experiments", body)
    assert made.status_code == 201, made.content
    experiment = Experiment.objects.get()
    assert (experiment.seed, experiment.trials.count()) == (7, 4)
    assert experiment.created_by.username == "teacher"
    shown = call("GET", f"/experiments/{experiment.pk}").json()
    assert (shown["status"], shown["total"], shown["done"]) == ("running", 4, 0)
    (row,) = call("GET", "/experiments?status=running").json()["items"]
    assert row["id"] == experiment.pk and row["grid"] == experiment.grid
    assert call("GET", "/experiments?status=finished").json()["items"] == []


def test_the_same_key_launches_one_experiment(call):
    body = asked(two_hosts())
    first = call("POST", "/experiments", body, **{"Idempotency-Key": "k"})
    again = call("POST", "/experiments", body, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] and Experiment.objects.count() == 1
    other = call("POST", "/experiments", {**body, "name": "x"}, **{"Idempotency-Key": "k"})
    problem_of(other, 409, "idempotency-key-used")


def test_what_can_be_done_with_one_is_done_or_refused_with_the_reason(call):
    pk = make_experiment().pk
    assert call("POST", f"/experiments/{pk}/pause").json()["status"] == "paused"
    problem_of(call("POST", f"/experiments/{pk}/pause"), 409, "experiment-not-running")
    assert call("POST", f"/experiments/{pk}/resume").json()["status"] == "running"
    problem_of(call("POST", f"/experiments/{pk}/resume"), 409, "experiment-not-paused")
    assert call("POST", f"/experiments/{pk}/trials", {"trials": 1}).json()["total"] == 6
    problem_of(call("POST", f"/experiments/{pk}/rerun"), 409, "nothing-failed")
    cancelled = call("POST", f"/experiments/{pk}/cancel")
    assert (cancelled.status_code, cancelled.json()["cancelled"]) == (202, 6)
    problem_of(call("POST", f"/experiments/{pk}/cancel"), 409, "experiment-over")


def test_failed_trials_are_run_again(call, teacher):
    experiment = measured([make_host(), make_host()], owner=teacher)
    answer = call("POST", f"/experiments/{experiment.pk}/rerun")
    assert answer.json()["failed"] == 0 and answer.json()["status"] == "running"
    assert Trial.objects.filter(state="waiting").count() == 1


def test_results_and_files_are_those_of_the_page(call, teacher):
    experiment = measured([make_host(), make_host()], owner=teacher)
    told = call("GET", f"/experiments/{experiment.pk}/results").json()
    assert told == json.loads(json.dumps(experiment_part(experiment)))
    for name, chosen in FORMATS.items():
        answer = call("GET", f"/experiments/{experiment.pk}/export/{name}")
        assert answer.status_code == 200 and answer["Content-Type"] == chosen.content_type
    cells = call("GET", f"/experiments/{experiment.pk}/export/csv?table=cells").content.decode()
    assert cells.startswith("role,cell,")
    assert call("GET", f"/experiments/{experiment.pk}/export/exe").status_code == 422
    job = Trial.objects.exclude(job=None).first().job
    assert call("GET", f"/jobs/{job.pk}/export/json").json()["runs"][0]["job"] == job.pk


GRID = {"strategies": ["cold"], "pairs": [[1, 2]]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "invalid-request"),
        ({"name": "a\x00b"}, "invalid-request"),
        ({"name": "   "}, "bad-experiment-name"),
        ({"seed": 2**40}, "invalid-request"),
        ({"colour": "red"}, "invalid-request"),
        ({"grid": {}}, "grid-unreadable"),
        ({"grid": {"workloads": 1}}, "grid-unreadable"),
        ({"grid": {"workloads": [], "strategies": [], "pairs": []}}, "grid-empty-factor"),
        ({"grid": "x"}, "invalid-request"),
        ({"grid": {**GRID, "workloads": [{"type": "files", "kind": "process"}]}}, "bad-parameter"),
    ],
)
def test_what_is_no_experiment_is_refused_and_leaves_nothing(call, changes, code):
    problem_of(call("POST", "/experiments", asked(two_hosts(), **changes)), 422, code)
    assert not Experiment.objects.exists()


def test_a_grid_of_a_million_jobs_is_refused_with_the_limit(call):
    grid = grid_between(*two_hosts(), trials=1000)
    grid["workloads"][0]["parameters"]["memory_mib"] = list(range(1, 400))
    told = problem_of(call("POST", "/experiments/preview", {"grid": grid}), 422, "grid-too-large")
    assert told["values"]["most"] == "2000"


def test_the_preview_says_what_stands_in_the_way(call):
    pair = [make_host(facts=FACTS), make_host("away", state="unreachable")]
    told = call("POST", "/experiments/preview", {"grid": grid_of(pair)}).json()
    assert {one["code"] for one in told["blocked"]} == {"host-unreachable"}
    assert told["blocked"][0]["target"] == "away" and told["blocked"][0]["title"]


def test_a_student_can_not_tell_closed_hosts_from_those_that_there_are_not(student, sent):
    call = Caller(student)
    closed = [make_host("closed-a", open_to_students=False, facts=FACTS), make_host(facts=FACTS)]
    for grid in (grid_of(closed), grid_of() | {"pairs": [[998, 999]]}):
        for path, body in (("/preview", {"grid": grid}), ("", asked() | {"grid": grid})):
            told = problem_of(call("POST", f"/experiments{path}", body), 422, "unknown-host")
            assert "closed-a" not in json.dumps(told)


def test_somebody_elses_experiment_is_not_found(student, teacher, sent):
    experiment = measured([make_host(), make_host()], owner=teacher)
    call = Caller(student)
    assert call("GET", "/experiments").json()["items"] == []
    for path in ("", "/results", "/export/json"):
        problem_of(call("GET", f"/experiments/{experiment.pk}{path}"), 404, "not-found")
    for path in ("pause", "resume", "cancel", "rerun"):
        problem_of(call("POST", f"/experiments/{experiment.pk}/{path}"), 404, "not-found")
    problem_of(call("POST", "/shares", {"experiment": experiment.pk}), 404, "not-found")


def test_each_call_needs_its_scope(teacher, sent):
    pk = make_experiment().pk
    reader = Caller(teacher, scopes=[ApiToken.Scope.READ])
    assert reader("GET", f"/experiments/{pk}").status_code == 200
    problem_of(reader("POST", f"/experiments/{pk}/pause"), 403, "scope-missing")
    problem_of(reader("POST", "/experiments", asked()), 403, "scope-missing")
    launcher = Caller(teacher, scopes=[ApiToken.Scope.LAUNCH])
    problem_of(launcher("POST", "/shares", {"experiment": pk}), 403, "scope-missing")


# --- links --------------------------------------------------------------------------------------
def test_a_link_is_made_listed_opened_and_taken_back(call, client, teacher):
    experiment = measured([make_host("lab-a"), make_host("lab-b")], owner=teacher)
    made = call("POST", "/shares", {"experiment": experiment.pk, "days": 7})
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["kind"], told["experiment"], told["live"]) == ("experiment", experiment.pk, False)
    path = told["link"].partition("//")[2].partition("/")[2]
    assert client.get(f"/{path}").status_code == 200
    (row,) = call("GET", "/shares").json()["items"]
    assert row["id"] == told["id"] and row["opened"] == 1
    gone = call("DELETE", f"/shares/{told['id']}").json()
    assert gone["open"] is False and gone["link"] is None
    assert client.get(f"/{path}").status_code == 404


def test_jobs_and_the_history_are_shared_too(call):
    job = finished(workload=make_workload(name="cr"))
    for body in ({"job": job.pk}, {"query": "workload=cr", "live": True}):
        assert call("POST", "/shares", body).status_code == 201
    assert [share.is_live for share in Share.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize("body", [{}, {"job": 1, "experiment": 1}, {"job": 1, "query": ""}])
def test_a_link_shows_one_thing(call, body):
    problem_of(call("POST", "/shares", body), 422, "share-one-thing")


def test_nothing_to_keep_is_refused(call):
    told = call("POST", "/shares", {"experiment": make_experiment().pk})
    problem_of(told, 409, "share-no-trial")
    problem_of(call("POST", "/shares", {"query": "workload=none"}), 422, "share-empty")
    problem_of(call("POST", "/shares", {"job": 1, "days": 2}), 422, "invalid-request")


def test_somebody_elses_link_is_not_found_but_instructors_may_take_it_back(call, student):
    other = Caller(student)
    job = finished(created_by=student)
    share = other("POST", "/shares", {"job": job.pk}).json()
    stranger = Caller(type(student).objects.create_user("stranger"))
    problem_of(stranger("GET", f"/shares/{share['id']}"), 404, "not-found")
    problem_of(stranger("DELETE", f"/shares/{share['id']}"), 404, "not-found")
    assert call("DELETE", f"/shares/{share['id']}").status_code == 200


def test_a_list_of_links_leaves_their_documents_in_the_database(call, teacher):
    experiment = measured([make_host(), make_host()], owner=teacher)
    for _number in range(2):
        call("POST", "/shares", {"experiment": experiment.pk})
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(call("GET", "/shares").json()["items"]) == 2
    chosen = [query["sql"] for query in queries if "migrations_app_share" in query["sql"]]
    assert chosen and not any('."document",' in sql for sql in chosen)


def test_sharing_an_experiment_with_the_class_is_for_instructors(call, teacher, student):
    experiment = make_experiment(user=teacher)
    address = f"/experiments/{experiment.pk}"
    assert Caller(student)("GET", address).status_code == 404
    assert call("PUT", f"{address}/class", {"shared": True}).json()["shared_with_class"]
    assert Caller(student)("GET", address).json()["name"] == "small"
    problem_of(Caller(student)("PUT", f"{address}/class", {"shared": False}), 403, "staff-only")
    problem_of(Caller(student)("POST", f"{address}/cancel"), 403, "not-yours")
    assert not call("PUT", f"{address}/class", {"shared": False}).json()["shared_with_class"]


def test_more_trials_than_the_quota_leaves_are_refused(call, student, settings):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, "jobs_per_day": 3}
    refused = Caller(student)("POST", "/experiments", asked(two_hosts()))
    problem_of(refused, 429, "too-many-trials-today")
    assert not Experiment.objects.exists()
