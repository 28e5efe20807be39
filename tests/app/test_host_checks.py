"""The rows of the check list."""

import json

import pytest

from migrations_app import words
from migrations_app.adapters import problem_as_dict
from migrations_app.engine.host_problems import host_problems
from migrations_app.host_checks import CONTACT, FOUND, NAMES, State, rows
from tests.engine.samples import text

FACTS = json.loads(text("facts.json"))


def states(**known) -> dict[str, State]:
    values = {"facts": FACTS, "problems": [], "error_code": "", "looking": False}
    return {row.name: row.state for row in rows(**(values | known))}


def test_a_host_that_is_fit_has_every_row_fine():
    assert set(states().values()) == {State.OK}


def test_a_host_that_lets_nobody_in_answers_and_shows_its_key():
    found = states(error_code="host-auth-refused", facts=None)
    assert [found[name] for name in NAMES[:4]] == [State.OK, State.OK, State.FAIL, State.UNKNOWN]
    assert {found[name] for name in NAMES[4:]} == {State.UNKNOWN}


def test_rows_that_need_docker_say_nothing_where_there_is_none():
    facts = FACTS | {"docker": None}
    problems = [problem_as_dict(problem) for problem in host_problems(facts)]
    found = states(facts=facts, problems=problems)
    assert (found["docker"], found["runtime"]) == (State.FAIL, State.UNKNOWN)


def test_while_a_worker_looks_every_row_says_so():
    assert set(states(looking=True).values()) == {State.LOOKING}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_words(name):
    assert name in words.HOST_CHECKS


def test_every_code_that_spoils_a_row_is_explained():
    codes = {code for row in (*CONTACT, *FOUND) for code in row[1]}
    assert codes <= set(words.ERRORS)
