"""Every check: what it looks at, whom it concerns, whether it refuses."""

from typing import Any

import pytest

from migrations_app.engine import (
    Compression,
    MigrationPlan,
    NotPossible,
    Operation,
    Problem,
    Severity,
    Side,
    Strategy,
    WorkloadKind,
)
from migrations_app.engine.host_problems import CHECKS, host_problems
from migrations_app.engine.preflight import (
    concerns,
    option_problems,
    pair_problems,
    plan_problems,
    refuse,
)

from . import simulated
from .simulated import FACTS

CONTAINER, PROCESS = WorkloadKind.CONTAINER, WorkloadKind.PROCESS
BOTH = {CONTAINER, PROCESS}
CRIU, DOCKER = FACTS["criu"], FACTS["docker"]
PIPES = "fs.pipe-user-pages-soft"
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
    ({"docker": {**DOCKER, "version": "25.0.3"}}, "docker-forgets-checkpoint", "fail", {CONTAINER}),
    ({"pipes_limited": True, "kernel_settings": {PIPES: "16384"}}, "pipe-limit", "warn", BOTH),
    ({"run_filesystem": "ext4"}, "kernel-cache", "warn", BOTH),
    ({"docker": {**DOCKER, "version": "29.1"}}, "docker-restore-broken", "fail", {CONTAINER}),
    (
        {"docker": {**DOCKER, "runtime_ready": False}},
        "docker-runtime-missing",
        "fail",
        {CONTAINER},
    ),
    (
        {"criu": {**CRIU, "features": {**CRIU["features"], "uffd-noncoop": False}}},
        "userfaultfd-missing",
        "fail",
        BOTH,
    ),
]


@pytest.mark.parametrize(("changes", "code", "severity", "kinds"), ROWS)
def test_host_with_one_trouble_has_that_problem_alone(
    changes: dict[str, Any], code: str, severity: str, kinds: set[WorkloadKind]
):
    (problem,) = host_problems({**FACTS, **changes})
    assert (problem.code, problem.severity, set(problem.kinds)) == (code, severity, kinds)
    assert problem.message


# Old versions have several troubles; these are told beside `criu-too-old`.
OLD_CRIU: list[tuple[dict[str, Any], str]] = [
    ({"criu": {**CRIU, "version": "3.18"}}, "criu-3-18"),
    ({"criu": {**CRIU, "version": "3.16.1"}, "c_library": "2.35"}, "rseq"),
]


@pytest.mark.parametrize(("changes", "code"), OLD_CRIU)
def test_old_criu_is_told_with_what_is_known_of_that_version(changes: dict[str, Any], code: str):
    too_old, known = host_problems({**FACTS, **changes})
    assert (too_old.code, known.code, known.severity) == ("criu-too-old", code, "warn")


@pytest.mark.parametrize(
    "changes",
    [
        {"criu": {**CRIU, "version": "3.16.1"}, "c_library": "2.31"},
        {"criu": {**CRIU, "version": "3.17.1"}, "c_library": "2.41"},
        {"criu": {**CRIU, "version": "3.16.1"}, "c_library": None},
    ],
)
def test_library_without_rseq_or_criu_that_knows_it_is_no_trouble(changes: dict[str, Any]):
    assert [one.code for one in host_problems({**FACTS, **changes})] == ["criu-too-old"]


@pytest.mark.parametrize(
    "changes",
    [
        {"pipes_limited": False, "kernel_settings": {PIPES: "16384"}},
        {"pipes_limited": None, "kernel_settings": {PIPES: "16384"}},
        {"pipes_limited": True, "kernel_settings": {PIPES: "0"}},
        {"pipes_limited": True, "kernel_settings": {PIPES: None}},
        {"docker": {**DOCKER, "version": "25.0.4"}},
        {"run_filesystem": None},
    ],
)
def test_what_does_not_concern_us_is_no_trouble(changes: dict[str, Any]):
    assert host_problems({**FACTS, **changes}) == []


def test_every_check_has_a_row():
    found = {
        check.__name__
        for check in CHECKS
        if any(check({**FACTS, **changes}) for changes, *_ in (*ROWS, *OLD_CRIU))
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
    (problem,) = host_problems({**FACTS, "criu": {**CRIU, "version": "3.19"}})
    assert problem.values == {"version": "3.19", "needed": "4.2", "kernel": FACTS["kernel"]}


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
def test_process_has_no_clone_on_its_host_and_one_host_has_no_other_strategy_than_cold(
    kind: WorkloadKind, operation: Operation, strategy: Strategy
):
    expected = set()
    if kind is PROCESS and operation is Operation.LOCAL_CLONE:
        expected.add("process-local-clone")
    if strategy is not Strategy.COLD and operation is not Operation.MIGRATE:
        expected.add("strategy-needs-two-hosts")
    problems = plan_problems(kind, operation, strategy)
    assert {problem.code for problem in problems} == expected
    assert all(problem.values == {"strategy": strategy} for problem in problems)


@pytest.mark.parametrize(
    ("code", "strategies", "sides"),
    [
        ("docker-not-experimental", {Strategy.COLD}, {Side.SOURCE, Side.TARGET}),
        ("docker-restore-broken", {Strategy.COLD}, {Side.SOURCE, Side.TARGET}),
        ("docker-runtime-missing", set(Strategy) - {Strategy.COLD}, {Side.TARGET}),
        ("userfaultfd-missing", {Strategy.POST_COPY, Strategy.HYBRID}, {Side.TARGET}),
        ("criu-missing", set(Strategy), {Side.SOURCE, Side.TARGET}),
        ("docker-missing", set(Strategy), {Side.SOURCE, Side.TARGET}),
    ],
)
def test_problem_stands_in_the_way_of_its_strategies_on_its_sides(
    code: str, strategies: set[Strategy], sides: set[Side]
):
    changes = next(changes for changes, found, *_ in ROWS if found == code)
    (problem,) = host_problems({**FACTS, **changes})
    assert (set(problem.strategies), set(problem.sides)) == (strategies, sides)


@pytest.mark.parametrize("docker", [SILENT, {**DOCKER, "runtime_ready": None}])
def test_runtime_that_cannot_be_known_is_not_said_to_be_missing(docker: dict):
    codes = [problem.code for problem in host_problems({**FACTS, "docker": docker})]
    assert "docker-runtime-missing" not in codes


@pytest.mark.parametrize(
    ("kind", "strategy", "side", "concerned"),
    [
        (CONTAINER, Strategy.COLD, Side.TARGET, True),
        (CONTAINER, Strategy.COLD, None, True),
        (PROCESS, Strategy.COLD, Side.TARGET, False),
        (CONTAINER, Strategy.HYBRID, Side.TARGET, False),
        (CONTAINER, Strategy.COLD, Side.SOURCE, False),
    ],
)
def test_problem_concerns_a_run_that_has_its_kind_its_strategy_and_its_side(
    kind: WorkloadKind, strategy: Strategy, side: Side | None, concerned: bool
):
    problem = Problem("x", kinds=(CONTAINER,), strategies=(Strategy.COLD,), sides=(Side.TARGET,))
    assert concerns(problem, kind, strategy, side) is concerned


@pytest.mark.parametrize("lacks", ["source", "target"])
@pytest.mark.parametrize("compression", [Compression.LZ4, Compression.ZSTD])
def test_compression_that_one_host_lacks_is_a_problem_of_both_kinds(
    lacks: str, compression: Compression
):
    plan = MigrationPlan("j-1", simulated.CONTAINER, compression=compression)
    facts = {"source": {**FACTS, "hostname": "a"}, "target": {**FACTS, "hostname": "b"}}
    assert option_problems(plan, facts["source"], facts["target"]) == []
    facts[lacks]["compression"] = []
    (problem,) = option_problems(plan, facts["source"], facts["target"])
    assert (problem.code, set(problem.kinds)) == ("compression-missing", BOTH)
    assert problem.values == {"compression": compression, "host": facts[lacks]["hostname"]}


@pytest.mark.parametrize(
    ("asked", "can", "code"),
    [
        ({"link_rate_mbit_s": 10}, {"bandwidth": True, "delay": False}, None),
        ({"link_rate_mbit_s": 10}, {"bandwidth": False, "delay": True}, "link-bandwidth-missing"),
        ({"link_rate_mbit_s": 10}, {"bandwidth": None, "delay": None}, "link-bandwidth-missing"),
        ({"link_delay_ms": 5}, {"bandwidth": True, "delay": False}, "link-delay-missing"),
        ({"link_loss_percent": 5}, {"bandwidth": True, "delay": None}, "link-delay-missing"),
        ({"link_delay_ms": 5}, {"bandwidth": False, "delay": True}, None),
        ({}, {"bandwidth": None, "delay": None}, None),
    ],
)
@pytest.mark.parametrize("side", ["source", "target"])
def test_link_that_tc_cannot_shape_on_one_host_is_a_problem(side: str, asked, can, code):
    plan = MigrationPlan("j-1", simulated.CONTAINER, **asked)
    facts = {name: {**FACTS, "shaping": {"bandwidth": True, "delay": True}} for name in Side}
    facts[side] |= {"hostname": "b", "shaping": can}
    problems = option_problems(plan, facts["source"], facts["target"])
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert all(problem.values == {"host": "b"} for problem in problems)


def test_facts_of_an_older_check_do_not_tell_whether_tc_can():
    old = {name: value for name, value in FACTS.items() if name != "shaping"}
    plan = MigrationPlan("j-1", simulated.CONTAINER, link_rate_mbit_s=10, link_delay_ms=1)
    assert option_problems(plan, old, old) == []


@pytest.mark.parametrize(
    "changes",
    [{}, {"compression": Compression.ZSTD, "operation": Operation.LOCAL_CLONE}],
)
def test_plan_that_packs_nothing_needs_no_library(changes: dict[str, Any]):
    bare = {**FACTS, "compression": []}
    assert option_problems(MigrationPlan("j-1", simulated.CONTAINER, **changes), bare, bare) == []


def test_first_failing_problem_of_the_kind_refuses_and_names_the_host():
    problems = host_problems({**FACTS, "docker": None})
    with pytest.raises(NotPossible, match="lab-a: Docker is not installed") as refused:
        refuse(problems, CONTAINER, Strategy.COLD, Side.SOURCE, "lab-a")
    assert refused.value.code == "docker-missing"
    refuse(problems, PROCESS, Strategy.COLD, Side.SOURCE, "lab-a")


def test_problem_of_another_strategy_or_side_does_not_refuse():
    problems = host_problems({**FACTS, "docker": {**DOCKER, "runtime_ready": False}})
    refuse(problems, CONTAINER, Strategy.COLD, Side.TARGET)
    refuse(problems, CONTAINER, Strategy.POST_COPY, Side.SOURCE)
    with pytest.raises(NotPossible, match="prepare the host"):
        refuse(problems, CONTAINER, Strategy.POST_COPY, Side.TARGET)


def test_warning_does_not_refuse():
    problems = host_problems({**FACTS, "criu": {**CRIU, "version": "3.18"}, "kernel": "6.1.0"})
    assert problems[0].severity is Severity.WARN
    refuse(problems, CONTAINER, Strategy.COLD)


@pytest.mark.parametrize(
    ("code", "source", "target"),
    [
        ("cpu-weaker", {"cpu_features": ["avx", "avx2"]}, {"cpu_features": ["avx"]}),
        ("criu-older-there", {"criu": {"version": "4.2"}}, {"criu": {"version": "3.16.1"}}),
        ("clocks-apart", {"time_offset_ms": -400.0}, {"time_offset_ms": 900.0}),
    ],
)
def test_what_may_go_wrong_between_two_hosts_is_a_warning_one_way(code, source, target):
    (problem,) = pair_problems({**FACTS, **source}, {**FACTS, **target})
    assert (problem.code, problem.severity) == (code, Severity.WARN)
    if code != "clocks-apart":
        assert pair_problems({**FACTS, **target}, {**FACTS, **source}) == []


def test_what_is_not_known_of_a_host_is_no_warning():
    unknown = {**FACTS, "cpu_features": None, "time_offset_ms": None, "criu": None}
    assert pair_problems(unknown, FACTS) == pair_problems(FACTS, unknown) == []


def tcp_problem(docker: str = "26.1.5", **changes: Any) -> str | None:
    """The code of what stands in the way of open connections."""
    chosen = {"workload": simulated.CONTAINER, "strategy": Strategy.POST_COPY, **changes}
    plan = MigrationPlan("j-1", tcp_established=True, **chosen)
    target = {**FACTS, "docker": {**DOCKER, "version": docker}}
    return next((one.code for one in option_problems(plan, FACTS, target)), None)


def test_open_connections_of_a_container_go_along_by_every_fast_strategy():
    for strategy in Strategy:
        wanted = None if strategy.by_hand_over else "tcp-needs-hand-over"
        assert tcp_problem(strategy=strategy) == wanted


def test_open_connections_are_refused_where_they_could_not_go_on():
    process = simulated.PROCESS
    assert tcp_problem(workload=process) == "tcp-needs-container"
    assert tcp_problem(leave_running=True) == "tcp-one-address"
    assert tcp_problem(docker="28.5.2") is None
