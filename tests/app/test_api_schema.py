"""Schemathesis: whatever fits or does not fit the schema, no call ends in a fault of ours."""

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from migrations_app.models import ApiToken
from migrations_app.services import tokens
from migrations_app.services.codes import Code

from .makers import make_workload
from .pages import finished

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/openapi.json"
schema = schemathesis.openapi.from_wsgi(ADDRESS, WSGIHandler())
# Without the cases at every edge of every field, which are most of them.
DRAWN = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}}})
drawn_only = schemathesis.openapi.from_wsgi(ADDRESS, WSGIHandler(), config=DRAWN)
EXAMPLES = 4  # of each call and client; seeded, so that a red run is red again
BY_THE_ROUTER = (404, 405)  # of addresses and methods that are no calls at all
QUICK = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _one_connection():
    """As Django's own test client does: the end of a request does not close the connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def headers(db, sent):
    """By client: nobody, and an administrator's token with every scope."""
    head = User.objects.create_superuser("head")
    _token, text = tokens.create_token(user=head, name="t", scopes=list(ApiToken.Scope), days=1)
    finished(workload=make_workload(created_by=head), created_by=head)
    return {"nobody": {}, "somebody": {"Authorization": f"Bearer {text}"}}


def checked(case, headers):
    response = case.call(headers=headers)
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and response.status_code not in BY_THE_ROUTER:
        assert response.headers["content-type"][0].startswith("application/problem+json")
        assert response.json()["code"]
    return response


@schema.parametrize()
@QUICK
def test_no_call_ends_in_a_fault(case, headers):
    checked(case, headers["somebody"])


@drawn_only.parametrize()
@QUICK
def test_nobody_gets_anything_and_no_fault_either(case, headers):
    """Refused before the call is read: a few drawn cases do, every edge would tell no more."""
    assert checked(case, headers["nobody"]).status_code >= 400


def test_codes_of_refusals_are_stable():
    """Programs rely on them: a code that is renamed breaks somebody's script."""
    assert Code.WORKLOAD_BUSY == "workload-busy" and Code.TOO_MANY_JOBS == "too-many-jobs"
