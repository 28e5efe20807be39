"""The command-line client as a process against a site with the fake engine."""

import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading

import pytest
from django.conf import settings as site_settings
from django.contrib.auth.models import User

from migrations_app.models import ApiToken, MigrationJob
from migrations_app.services import execute, tokens

from .makers import make_host, make_job, make_workload
from .pages import REPORT, finished

CLIENT = site_settings.BASE_DIR / "static" / "client" / "migration-lab.py"
pytestmark = pytest.mark.django_db(transaction=True)


class Person:
    """Somebody at a terminal."""

    def __init__(self, url, token, home):
        self.home = home
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "MIGRATION_LAB_URL": url,
            "MIGRATION_LAB_TOKEN": token,
        }

    def __call__(self, *args, **env):
        told = {**self.env, **env}
        environment = {name: value for name, value in told.items() if value is not None}
        return subprocess.run(
            [sys.executable, str(CLIENT), *map(str, args)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
        )


@pytest.fixture
def head(db):
    return User.objects.create_superuser("head")


@pytest.fixture
def run(live_server, head, sent, tmp_path):
    _token, text = tokens.create_token(user=head, name="t", scopes=list(ApiToken.Scope), days=1)
    return Person(live_server.url, text, tmp_path)


def test_login_keeps_the_token_for_its_owner_alone(run):
    done = run("login", run.env["MIGRATION_LAB_URL"])
    assert done.returncode == 0 and "head (administrator)" in done.stdout, done.stderr
    kept = run.home / ".config" / "migration-lab" / "client.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    bare = {"MIGRATION_LAB_URL": None, "MIGRATION_LAB_TOKEN": None}
    assert run("hosts", **bare).returncode == 0
    kept.chmod(0o644)
    refused = run("hosts", **bare)
    assert refused.returncode == 2 and "chmod 600" in refused.stderr


def test_a_token_that_opens_nothing_is_told_in_both_languages(run):
    english = run("hosts", MIGRATION_LAB_TOKEN="mlab_x")
    assert english.returncode == 2 and "The token opens nothing (bad-token)" in english.stderr
    chinese = run("hosts", MIGRATION_LAB_TOKEN="mlab_x", LC_ALL="zh_CN.UTF-8")
    assert "令牌无效" in chinese.stderr


def test_a_site_that_does_not_answer_is_told(run):
    done = run("hosts", MIGRATION_LAB_URL="http://127.0.0.1:1")
    assert done.returncode == 5 and "does not answer" in done.stderr


def test_a_job_is_launched_by_names_and_carried_out(run, engine):
    here, there = make_host("lab-a"), make_host("lab-b")
    make_workload(here, name="cr")
    done = run(
        "--json", "launch", "cr", "lab-b", "--strategy", "cold", "--option", "encrypted=false"
    )
    assert done.returncode == 0, done.stderr
    job = MigrationJob.objects.get(pk=json.loads(done.stdout)["id"])
    assert (job.target, job.encrypted) == (there, False)
    execute.run_job(job_id=job.pk, worker="w1")
    waited = run("wait", job.pk)
    assert waited.returncode == 0 and "stop time: 812 ms" in waited.stdout
    watched = run("watch", job.pk, LC_ALL="zh_CN.UTF-8")
    assert watched.returncode == 0 and "成功" in watched.stdout


def test_the_same_key_launches_once(run):
    make_workload(make_host("lab-a"), name="cr"), make_host("lab-b")
    ids = [
        json.loads(run("--json", "launch", "cr", "lab-b", "--key", "homework").stdout)["id"]
        for _ in range(2)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("status", "code"), [("succeeded", 0), ("failed", 1), ("cancelled", 3), ("in_doubt", 4)]
)
def test_the_exit_status_is_the_outcome(run, status, code):
    assert run("wait", make_job(status=status).pk).returncode == code


def test_waiting_has_an_end(run):
    done = run("wait", make_job().pk, "--limit", "0")
    assert done.returncode == 5 and "not ended in time" in done.stderr


def test_lists_show_cancel_and_export(run):
    job, other = finished(workload=make_workload(name="cr")), make_job()
    assert f"#{job.pk}" in run("list", "--status", "succeeded").stdout
    assert "634 ms" in run("show", job.pk).stdout
    assert "cancelled" in run("cancel", other.pk).stdout
    assert json.loads(run("export", job.pk).stdout) == REPORT
    assert run("export", job.pk, "--to", run.home / "r.json").returncode == 0
    assert json.loads((run.home / "r.json").read_text()) == REPORT
    assert run("workloads").stdout.count("\n") == 2


def test_a_name_that_is_not_there_is_told(run):
    done = run("launch", "nothing", "lab-b")
    assert done.returncode == 2 and "no workload called nothing" in done.stderr


class Breaking(http.server.BaseHTTPRequestHandler):
    """A stream that breaks off after one event and goes on where it is asked to."""

    seen: list[str | None] = []

    def do_GET(self):
        if self.path.endswith("/events"):
            self._events()
        else:
            self._answer(json.dumps(JOB).encode(), "application/json")

    def _events(self):
        last = self.headers.get("Last-Event-ID")
        self.seen.append(last)
        first = b'id: 1-0\nevent: phase-started\ndata: {"name": "dump", "side": "source"}\n\n'
        rest = b': still here\n\nid: 2-0\nevent: done\ndata: {"status": "failed"}\n\n'
        self._answer(rest if last else first, "text/event-stream")

    def _answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


JOB = {
    "id": 1,
    "status": "failed",
    "workload": "cr",
    "source": "a",
    "target": "b",
    "operation": "migrate",
    "strategy": "cold",
    "metrics": {},
    "error_code": "dump-failed",
    "error_message": "no",
}


def test_a_broken_stream_is_taken_up_where_it_ended(run):
    Breaking.seen = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run("watch", 1, MIGRATION_LAB_URL=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert Breaking.seen == [None, "1-0"]
    assert done.returncode == 1 and done.stdout.count("dump (source): begins") == 1


def test_the_client_is_downloaded_without_a_login(client):
    response = client.get("/client/migration-lab.py")
    assert response.url == "/static/client/migration-lab.py"
    assert client.get(response.url).status_code == 200


def test_every_command_is_explained_and_none_that_is_not_there():
    page = (site_settings.BASE_DIR / "docs" / "client.md").read_text()
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    helped = subprocess.run([sys.executable, CLIENT, "--help"], capture_output=True, text=True)
    assert told == set(re.search(r"\{([\w,]+)\}", helped.stdout)[1].split(","))
