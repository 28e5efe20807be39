"""Every check: what it looks at, whom it concerns, whether it refuses."""

from typing import Any

import pytest

from migrations_app.engine import NotPossible, Operation, Severity, Strategy, WorkloadKind
from migrations_app.engine.preflight import (
    CHECKS,
    host_problems,
    pair_problems,
    plan_problems,
    refuse,
)

from .simulated import FACTS

CONTAINER, PROCESS = WorkloadKind.CONTAINER, WorkloadKind.PROCESS
BOTH = {CONTAINER, PROCESS}
CRIU, DOCKER = FACTS["criu"], FACTS["docker"]
SILENT = {"version": None, "experimental": None, "error": "Cannot connect to the Docker daemon"}

# What differs from a host that is fine; the problem, whether it refuses, whom it concerns.
ROWS: list[tuple[dict[str, Any], str, str, set[WorkloadKind]]] = [
    ({"root": False}, "host-not-root", "fail", BOTH),
    ({"wsl": True}, "wsl", "fail", BOTH),
    ({"python": "3.9.2"}, "python-too-old", "fail", BOTH),
    ({"criu": None}, "criu-missing", "fail", BOTH),
    ({"criu": {**CRIU, "version": "4.1.1"}}, "criu-too-old", "fail", BOTH),
    ({"criu": {**CRIU, "version": "4.1"}, "kernel": "6.12.9"}, "criu-too-old", "warn", BOTH),
    ({"criu": {**CRIU, "check_ok": False}}, "criu-check-failed", "fail", BOTH),
    ({"docker": None}, "docker-missing", "fail", {CONTAINER}),
    ({"docker": SILENT}, "docker-unavailable", "fail", {CONTAINER}),
    (
        {"docker": {**DOCKER, "experimental": False}},
        "docker-not-experimental",
        "fail",
        {CONTAINER},
    ),
    ({"docker": {**DOCKER, "version": "28.0.0"}}, "docker-restore-broken", "fail", {CONTAINER}),
    ({"docker": {**DOCKER, "version": "29.1"}}, "docker-restore-broken", "fail", {CONTAINER}),
]


@pytest.mark.parametrize(("changes", "code", "severity", "kinds"), ROWS)
def test_host_with_one_trouble_has_that_problem_alone(
    changes: dict[str, Any], code: str, severity: str, kinds: set[WorkloadKind]
):
    (problem,) = host_problems({**FACTS, **changes})
    assert (problem.code, problem.severity, set(problem.kinds)) == (code, severity, kinds)
    assert problem.message


def test_every_check_has_a_row():
    found = {
        check.__name__
        for check in CHECKS
        if any(check({**FACTS, **changes}) for changes, *_ in ROWS)
    }
    assert found == {check.__name__ for check in CHECKS}


def test_prepared_host_has_no_problem():
    assert host_problems(FACTS) == []


@pytest.mark.parametrize("version", ["27.5.1", "20.10", "26.1.5+dfsg1"])
def test_docker_that_restores_is_no_problem(version: str):
    assert host_problems({**FACTS, "docker": {**DOCKER, "version": version}}) == []


def test_host_without_anything_has_a_problem_for_each_lack():
    bare = {**FACTS, "criu": None, "docker": None, "root": False}
    codes = [problem.code for problem in host_problems(bare)]
    assert codes == ["host-not-root", "criu-missing", "docker-missing"]


def test_values_of_a_problem_say_what_is_there_and_what_is_needed():
    (problem,) = host_problems({**FACTS, "criu": {**CRIU, "version": "3.18"}})
    assert problem.values == {"version": "3.18", "needed": "4.2", "kernel": FACTS["kernel"]}


@pytest.mark.parametrize(
    ("key", "value", "code", "kinds"),
    [
        ("cgroup_version", 2, "cgroup-differs", {CONTAINER}),
        ("architecture", "aarch64", "architecture-differs", BOTH),
    ],
)
def test_two_hosts_that_differ_are_a_problem(key: str, value: Any, code: str, kinds: set):
    (problem,) = pair_problems(FACTS, {**FACTS, key: value})
    assert (problem.code, set(problem.kinds)) == (code, kinds)
    assert problem.values == {"source": FACTS[key], "target": value}


def test_two_hosts_alike_are_none():
    assert pair_problems(FACTS, FACTS) == []


@pytest.mark.parametrize("kind", WorkloadKind)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("strategy", Strategy)
def test_only_a_process_cannot_be_cloned_on_its_host(
    kind: WorkloadKind, operation: Operation, strategy: Strategy
):
    impossible = kind is PROCESS and operation is Operation.LOCAL_CLONE
    assert bool(plan_problems(kind, operation, strategy)) is impossible


def test_first_failing_problem_of_the_kind_refuses_and_names_the_host():
    problems = host_problems({**FACTS, "docker": None})
    with pytest.raises(NotPossible, match="lab-a: Docker is not installed") as refused:
        refuse(problems, CONTAINER, "lab-a")
    assert refused.value.code == "docker-missing"
    refuse(problems, PROCESS, "lab-a")


def test_warning_does_not_refuse():
    problems = host_problems({**FACTS, "criu": {**CRIU, "version": "3.18"}, "kernel": "6.1.0"})
    assert problems[0].severity is Severity.WARN
    refuse(problems, CONTAINER)
