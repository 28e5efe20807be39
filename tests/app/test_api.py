"""The API: the same rules as the pages, errors that programs can read."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import ApiToken, Host, MigrationJob, Workload
from migrations_app.services import tokens

from .makers import make_host, make_job, make_workload
from .pages import REPORT, finished
from .strangers import MARK, make_strangers

pytestmark = pytest.mark.django_db
ALL = list(ApiToken.Scope)


class Caller:
    """A program with a token."""

    def __init__(self, user, scopes=ALL, language="en"):
        self.token, text = tokens.create_token(user=user, name="t", scopes=scopes, days=1)
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {text}", "Accept-Language": language}

    def __call__(self, method, path, body=None, **headers):
        return self.client.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            "application/json",
            headers={**self.headers, **headers},
        )


@pytest.fixture
def call(teacher, sent):
    return Caller(teacher)


def problem_of(response, status, code):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert (told["code"], told["status"]) == (code, status)
    assert told["title"] and told["detail"]
    return told


# --- tokens -------------------------------------------------------------------------------------
def test_without_a_token_nothing_is_told(client):
    response = client.get("/api/v1/jobs")
    problem_of(response, 401, "no-login")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer mlab_guessed", "Bearer ", "Basic eDp5", "x"])
def test_a_bad_token_opens_nothing_not_even_with_a_session(client, teacher, header):
    client.force_login(teacher)
    response = client.get("/api/v1/jobs", headers={"Authorization": header})
    problem_of(response, 401, "bad-token")


def test_a_revoked_or_expired_token_or_one_of_a_closed_account_opens_nothing(teacher):
    for spoil in ("revoked", "expired", "closed"):
        call = Caller(teacher)
        assert call("GET", "/me").status_code == 200
        if spoil == "revoked":
            tokens.revoke_token(token=call.token)
        elif spoil == "expired":
            past = timezone.now() - timedelta(seconds=1)
            ApiToken.objects.filter(pk=call.token.pk).update(expires_at=past)
        else:
            type(teacher).objects.update(is_active=False)
        problem_of(call("GET", "/me"), 401, "bad-token")


def test_the_database_does_not_have_the_token(teacher):
    token, text = tokens.create_token(user=teacher, name="t", scopes=ALL, days=1)
    kept = json.dumps(list(ApiToken.objects.values()), default=str)
    assert text not in kept and text.startswith(token.start)


def test_a_scope_that_is_missing_is_named(teacher, sent):
    call = Caller(teacher, scopes=[ApiToken.Scope.READ])
    told = problem_of(call("POST", "/jobs", {"workload": 1}), 403, "scope-missing")
    assert told["values"] == {"scope": "launch"}


def test_use_is_noted(call):
    call("GET", "/me")
    call.token.refresh_from_db()
    assert timezone.now() - call.token.last_used_at < timedelta(minutes=1)


def test_a_token_is_made_shown_once_and_revoked_on_the_account_page(client, student):
    client.force_login(student)
    form = {"name": "x", "scopes": ["read"], "days": "5"}
    page = client.post(reverse("account-token-new"), form)
    token = ApiToken.objects.get()
    assert token.start in page.content.decode() and page["Cache-Control"] == "no-store"
    client.post(reverse("account-token-revoke", args=[token.pk]))
    token.refresh_from_db()
    assert not token.is_good


# --- the session of a page ----------------------------------------------------------------------
def test_a_session_reads_but_changes_nothing_without_the_csrf_token(teacher, sent):
    client = Client(enforce_csrf_checks=True)
    client.force_login(teacher)
    assert client.get("/api/v1/jobs").status_code == 200
    job = make_job()
    response = client.post(f"/api/v1/jobs/{job.pk}/cancel")
    problem_of(response, 403, "csrf-failed")
    client.get(reverse("account"))
    secret = client.cookies[next(n for n in client.cookies if n.startswith("csrf"))].value
    response = client.post(f"/api/v1/jobs/{job.pk}/cancel", headers={"X-CSRFToken": secret})
    assert response.status_code == 202


# --- jobs ---------------------------------------------------------------------------------------
def test_a_job_is_launched_looked_at_cancelled_and_run_again(call):
    workload, target = make_workload(), make_host()
    asked = {"workload": workload.pk, "target": target.pk, "strategy": "cold"}
    made = call("POST", "/jobs", asked)
    assert made.status_code == 201 and made.json()["jobs_ahead"] == 0
    pk = made.json()["id"]
    assert call("GET", f"/jobs/{pk}").json()["status"] == "queued"
    assert call("POST", f"/jobs/{pk}/cancel").json()["status"] == "cancelled"
    problem_of(call("POST", f"/jobs/{pk}/cancel"), 409, "job-finished")
    assert call("POST", f"/jobs/{pk}/rerun").json()["id"] == pk + 1


def test_the_same_key_makes_one_job(call):
    workload, target = make_workload(), make_host()
    asked = {"workload": workload.pk, "target": target.pk, "strategy": "cold"}
    key = {"Idempotency-Key": "homework-1"}
    first, second = (call("POST", "/jobs", asked, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = call("POST", "/jobs", {**asked, "strategy": "pre-copy"}, **key)
    problem_of(other, 409, "idempotency-key-used")
    assert MigrationJob.objects.count() == 1


def test_a_key_whose_request_was_refused_is_free_again(call):
    workload, target = make_workload(state="stopped"), make_host()
    asked = {"workload": workload.pk, "target": target.pk, "strategy": "cold"}
    key = {"Idempotency-Key": "k"}
    problem_of(call("POST", "/jobs", asked, **key), 409, "workload-not-running")
    Workload.objects.update(state="running")
    assert call("POST", "/jobs", asked, **key).status_code == 201


def test_options_are_those_of_the_form(call):
    workload, target = make_workload(), make_host()
    asked = {"workload": workload.pk, "target": target.pk, "strategy": "pre-copy"}
    told = call("POST", "/jobs", {**asked, "options": {"most_rounds": 99999}})
    problem_of(told, 422, "option-out-of-range")
    told = call("POST", "/jobs", {**asked, "options": {"warp": True}})
    problem_of(told, 422, "unknown-option")
    options = {"compression": "zstd", "encrypted": False, "most_rounds": 3}
    made = call("POST", "/jobs", {**asked, "options": options}).json()
    assert options.items() <= made["options"].items()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"workload": "x"},
        {"workload": 0},
        {"workload": 2**70},
        {"workload": 1, "strategy": "teleport"},
        {"workload": 1, "command": "rm -rf /"},
        {"workload": 1, "options": {"encrypted": [1]}},
        [],
        "x",
    ],
)
def test_what_does_not_fit_the_schema_is_told_field_by_field(call, body):
    told = problem_of(call("POST", "/jobs", body), 422, "invalid-request")
    assert told["errors"]


def test_a_body_that_is_no_json_is_told(teacher):
    call = Caller(teacher)
    response = call.client.generic(
        "POST", "/api/v1/jobs", "{", "application/json", headers=call.headers
    )
    problem_of(response, 400, "bad-request")


def test_pages_of_jobs_are_bounded_and_go_on_where_they_ended(call):
    jobs = [make_job(status="failed") for _ in range(5)]
    first = call("GET", "/jobs?limit=2").json()
    second = call("GET", f"/jobs?limit=2&before={first['next']}").json()
    third = call("GET", f"/jobs?limit=2&before={second['next']}").json()
    seen = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert seen == [job.pk for job in reversed(jobs)] and third["next"] is None
    problem_of(call("GET", "/jobs?limit=101"), 422, "invalid-request")


@pytest.mark.parametrize("number", [1, 6])
def test_a_page_of_jobs_takes_as_many_queries_as_ever(call, number, django_assert_num_queries):
    call("GET", "/me")  # the token's use is noted
    for _ in range(number):
        make_job(status="failed")
    with django_assert_num_queries(2):
        assert len(call("GET", "/jobs").json()["items"]) == number


def test_jobs_are_filtered(call):
    failed = make_job(status="failed")
    make_job()
    found = call("GET", f"/jobs?status=failed&workload={failed.workload_id}").json()["items"]
    assert [item["id"] for item in found] == [failed.pk]
    problem_of(call("GET", "/jobs?status=exploded"), 422, "invalid-request")


def test_the_report_is_the_engines(call):
    assert call("GET", f"/jobs/{finished().pk}/report").json() == REPORT
    problem_of(call("GET", f"/jobs/{make_job().pk}/report"), 404, "not-found")


def test_without_redis_there_are_no_events_to_wait_for(call):
    assert call("GET", f"/jobs/{make_job().pk}/events").status_code == 204


# --- hosts and workloads ------------------------------------------------------------------------
def test_a_workload_is_started_and_removed(call):
    host = make_host()
    body = {"name": "w", "type": "counter", "host": host.pk, "parameters": {"interval_ms": 500}}
    made = call("POST", "/workloads", body)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    problem_of(call("POST", "/workloads", body), 409, "workload-exists")
    assert call("DELETE", f"/workloads/{pk}").json()["state"] == "removing"
    wrong = {**body, "name": "v", "parameters": {"interval_ms": -1}}
    problem_of(call("POST", "/workloads", wrong), 422, "bad-parameter")


def test_hosts_are_listed_checked_and_opened(call):
    host = make_host("lab-a", open_to_students=False)
    assert call("GET", "/hosts").json()["items"][0]["name"] == "lab-a"
    assert call("POST", f"/hosts/{host.pk}/check").status_code == 202
    assert call("PUT", f"/hosts/{host.pk}/open", {"open": True}).json()["open_to_students"]
    assert Host.objects.get().check_requested_at


def test_the_catalogue_has_ranges(call):
    counter = next(one for one in call("GET", "/catalogue").json() if one["name"] == "counter")
    assert counter["parameters"][0]["minimum"] < counter["parameters"][0]["maximum"]


# --- roles --------------------------------------------------------------------------------------
def test_a_students_token_sees_and_does_what_the_student_may(student, teacher, sent, settings):
    strangers = make_strangers()
    call, before = Caller(student), strangers.state()
    for path in ("/jobs", "/hosts", "/workloads"):
        assert MARK not in call("GET", path).content.decode()
    for row in strangers.rows:
        for path in ("/jobs/{}", "/jobs/{}/report", "/jobs/{}/events", "/hosts/{}"):
            assert MARK not in call("GET", path.format(row.pk)).content.decode()
        for method, path in (
            ("POST", "/jobs/{}/cancel"),
            ("POST", "/jobs/{}/rerun"),
            ("POST", "/hosts/{}/check"),
            ("DELETE", "/workloads/{}"),
        ):
            assert call(method, path.format(row.pk)).status_code == 404
    assert strangers.state() == before
    host = make_host()
    problem_of(call("PUT", f"/hosts/{host.pk}/open", {"open": True}), 403, "staff-only")


def test_a_quota_that_is_used_up_is_429(student, sent, settings):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, "jobs_at_once": 0}
    workload, target = make_workload(created_by=student), make_host()
    asked = {"workload": workload.pk, "target": target.pk, "strategy": "cold"}
    call = Caller(student)
    told = problem_of(call("POST", "/jobs", asked), 429, "too-many-jobs")
    assert told["values"] == {"limit": "0"}
    assert call("GET", "/me").json()["quota"]["jobs_at_once"] == 0


def test_sharing_with_the_class_is_for_instructors(call, student):
    job = make_job(created_by=student)
    assert call("PUT", f"/jobs/{job.pk}/class", {"shared": True}).json()["shared_with_class"]
    told = Caller(student)("PUT", f"/jobs/{job.pk}/class", {"shared": False})
    problem_of(told, 403, "staff-only")


def test_problems_are_told_in_the_language_asked_for(teacher):
    told = Caller(teacher, language="zh-hans")("GET", "/jobs/4711").json()
    assert told["title"] == "没有这样的对象"


# --- documentation ------------------------------------------------------------------------------
def test_the_docs_page_loads_nothing_foreign_and_has_nothing_inline(client, teacher):
    client.force_login(teacher)
    page = client.get("/api/v1/docs").content.decode()
    assert "swagger-ui" in page and "http" not in page.replace("http://www.w3.org", "")
    assert "style=" not in page and "<style" not in page
    assert client.get("/static/ninja/swagger-ui-bundle.js").status_code == 200


def test_the_docs_page_needs_a_login_and_the_schema_none(client):
    assert client.get("/api/v1/docs").status_code == 302
    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "Migration Lab"
