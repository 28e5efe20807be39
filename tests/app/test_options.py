"""Options of a run: by default, chosen, refused, kept; and what stands in the way of a strategy."""

import dataclasses

import pytest

from migrations_app import adapters
from migrations_app.engine.plan import LINK, RANGES, MigrationPlan, Operation, Strategy
from migrations_app.models import MigrationJob
from migrations_app.services import submit
from migrations_app.services.codes import Code, SubmitRefused
from migrations_app.services.obstacles import obstacle_to_starting
from migrations_app.services.options import DEFAULTS, RULES, columns_for

from .makers import make_host, make_job, make_workload

pytestmark = pytest.mark.django_db
CHOSEN = {
    "encrypted": False,
    "compression": "zstd",
    "bandwidth_limit_mbit_s": 1000,
    "tcp_established": True,
    "keep_images": True,
    "leave_running": True,
    "most_rounds": 3,
    "pages_left": 0,
    "growth_percent": 50,
    "stop_time_ms": 200,
}


def ask(workload=None, target=None, **changes):
    values = {"operation": "migrate", "strategy": "pre-copy", "user": None}
    workload, target = workload or make_workload(), target or make_host()
    return submit.submit_job(workload=workload, target=target, **(values | changes))


def refusal_of(*args, **changes):
    with pytest.raises(SubmitRefused) as caught:
        ask(*args, **changes)
    assert not MigrationJob.objects.exists()
    return caught.value


def test_the_site_knows_every_option_of_the_engine_and_takes_its_defaults(sent):
    plan = adapters.plan_for(ask(strategy="hybrid"))
    flat = plan.options() | plan.options()["pre_copy"]
    del flat["pre_copy"]
    assert flat == DEFAULTS
    assert dataclasses.replace(plan, strategy=Strategy.COLD) == MigrationPlan(
        plan.job_id, plan.workload, proof=plan.proof, limits=plan.limits
    )


def test_what_is_chosen_is_kept_and_reaches_the_plan(sent):
    job = MigrationJob.objects.get(pk=ask(**CHOSEN).pk)
    plan = adapters.plan_for(job)
    flat = plan.options() | plan.options()["pre_copy"]
    assert CHOSEN.items() <= flat.items()
    assert job.options == CHOSEN | dict.fromkeys(LINK)


@pytest.mark.parametrize("strategy", [s for s in Strategy if not s.in_rounds])
def test_rules_for_rounds_are_kept_only_where_there_are_rounds(sent, strategy):
    job = ask(strategy=strategy, most_rounds=3)
    assert job.pre_copy is None
    assert not set(RULES) & set(job.options)


@pytest.mark.parametrize(("name", "value"), list(zip(LINK, (100, 20, 0.5), strict=True)))
def test_a_link_is_shaped_for_two_hosts_and_there_is_none_on_one(sent, name, value):
    plan = adapters.plan_for(ask(**{name: value}))
    assert plan.link == {**dict.fromkeys(LINK), name: value}
    with pytest.raises(SubmitRefused) as refused:
        columns_for({name: value}, Operation.LOCAL_CLONE, Strategy.COLD)
    assert (refused.value.code, refused.value.values) == (
        Code.OPTION_NEEDS_TWO_HOSTS,
        {"option": name},
    )


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("end", [0, 1])
def test_a_number_is_good_up_to_its_ends_and_refused_beyond(sent, name, end):
    value = RANGES[name][end]
    assert columns_for({name: value}, Operation.MIGRATE, Strategy.PRE_COPY)
    refused = refusal_of(**{name: value + (1 if end else -1)})
    assert (refused.code, refused.values["option"]) == (Code.OPTION_OUT_OF_RANGE, name)


@pytest.mark.parametrize(
    "given",
    [
        {"compression": "rar"},
        {"keep_images": "yes"},
        {"most_rounds": "8"},
        {"most_rounds": None},
        {"pages_left": True},
        {"growth_percent": 1.5},
    ],
)
def test_a_value_of_another_kind_is_refused(given):
    assert refusal_of(**given).code == Code.BAD_OPTION


def test_an_option_that_does_not_exist_is_refused():
    refused = refusal_of(turbo=True)
    assert (refused.code, refused.values) == (Code.UNKNOWN_OPTION, {"option": "turbo"})


def test_on_one_host_no_copy_can_be_left_running():
    workload = make_workload()
    call = {"operation": "restore-in-place", "strategy": "cold", "leave_running": True}
    assert refusal_of(workload, workload.host, **call).code == Code.OPTION_NEEDS_TWO_HOSTS


def test_a_compression_that_a_host_lacks_is_refused():
    facts = {"architecture": "x86_64", "cgroup_version": 2, "hostname": "a"}
    source = make_host(facts=facts | {"compression": ["lz4", "zstd"]})
    target = make_host(facts=facts | {"compression": ["lz4"], "hostname": "b"})
    refused = refusal_of(make_workload(source), target, compression="zstd")
    assert refused.code == "compression-missing"
    assert refused.values == {"compression": "zstd", "host": "b"}


def test_the_same_again_keeps_every_option(sent):
    done = make_job(strategy="hybrid", status="succeeded", pre_copy=RULES | {"most_rounds": 2})
    MigrationJob.objects.filter(pk=done.pk).update(compression="lz4", keep_images=True)
    again = submit.rerun_job(job=MigrationJob.objects.get(pk=done.pk), user=None)
    assert again.options == MigrationJob.objects.get(pk=done.pk).options
    assert (again.compression, again.pre_copy["most_rounds"]) == ("lz4", 2)


def test_a_job_from_before_there_were_options_has_the_defaults():
    job = make_job(strategy="cold")
    assert adapters.plan_for(job).options()["compression"] == "none"
    assert job.options == {name: DEFAULTS[name] for name in MigrationJob.OPTIONS}


# --- what stands in the way of a strategy -------------------------------------------------------
def problem(code, strategies, sides=("source", "target")):
    return {
        "code": code,
        "severity": "fail",
        "kinds": ["container"],
        "values": {},
        "strategies": list(strategies),
        "sides": list(sides),
    }


BY_HAND_OVER = [strategy for strategy in Strategy if strategy.by_hand_over]
DOCKER_28 = problem("docker-restore-broken", ["cold"])
UNPREPARED = problem("docker-runtime-missing", BY_HAND_OVER, ["target"])


def refused(source, target, operation="migrate"):
    """Strategies that are refused, with the problem's code."""
    refusals = submit.find_refusals(
        workload=make_workload(source), target=target, operation=Operation(operation)
    )
    return {
        strategy: why.values.get("problem", why.code) for strategy, why in refusals.items() if why
    }


def test_on_docker_28_only_cold_is_refused():
    hosts = [make_host(problems=[DOCKER_28]) for _ in "ab"]
    assert refused(*hosts) == {Strategy.COLD: "docker-restore-broken"}


def test_a_host_without_our_runtime_is_a_source_all_the_same():
    plain, prepared = make_host(problems=[UNPREPARED]), make_host()
    assert refused(plain, prepared) == {}
    assert refused(prepared, plain) == dict.fromkeys(BY_HAND_OVER, "docker-runtime-missing")


def test_on_one_host_there_is_only_cold():
    host = make_host()
    assert refused(host, host, "restore-in-place") == dict.fromkeys(
        BY_HAND_OVER, "strategy-needs-two-hosts"
    )


def test_a_problem_of_an_older_check_concerns_every_strategy():
    old = {"code": "criu-missing", "severity": "fail", "kinds": ["container"]}
    assert set(refused(make_host(problems=[old]), make_host())) == set(Strategy)


def test_a_workload_may_be_started_where_it_can_leave_by_some_strategy():
    assert obstacle_to_starting(make_host(problems=[DOCKER_28, UNPREPARED]), "container") is None
    nothing = problem("docker-missing", list(Strategy))
    assert obstacle_to_starting(make_host(problems=[nothing]), "container").code == "host-problem"
    assert obstacle_to_starting(make_host(problems=[nothing]), "process") is None
