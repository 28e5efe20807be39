"""What a plan takes and what it does not."""

import dataclasses

import pytest

from migrations_app.engine import (
    Limits,
    MigrationPlan,
    Operation,
    Strategy,
    WorkloadKind,
    WorkloadRef,
)
from migrations_app.engine.strategies import STRATEGIES
from migrations_app.engine.workloads import KINDS

CONTAINER, PROCESS = WorkloadKind.CONTAINER, WorkloadKind.PROCESS
REF = WorkloadRef(CONTAINER, "cr")


@pytest.mark.parametrize("job_id", ["1", "j-1", "cli-0a1b", "a" * 40])
def test_job_id_names_a_folder(job_id: str):
    assert MigrationPlan(job_id, REF).job_id == job_id


@pytest.mark.parametrize("job_id", ["", "-1", "A", "a/b", "..", "a b", "a\n", "é", "a" * 41])
def test_job_id_that_could_be_more_than_a_name_is_refused(job_id: str):
    with pytest.raises(ValueError, match="not a job id"):
        MigrationPlan(job_id, REF)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "../x", "a\n", "a" * 64, "名"])
def test_name_that_docker_would_not_take_is_refused(name: str):
    with pytest.raises(ValueError, match="not a workload name"):
        WorkloadRef(CONTAINER, name)


@pytest.mark.parametrize(("kind", "pid"), [(CONTAINER, 4711), (PROCESS, None)])
def test_process_has_a_pid_and_a_container_none(kind: WorkloadKind, pid: int | None):
    with pytest.raises(ValueError, match="a process has a pid"):
        WorkloadRef(kind, "cr", pid)


def test_plan_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MigrationPlan("j-1", REF).encrypted = False  # type: ignore[misc]


def test_only_a_migration_needs_two_hosts():
    assert [one for one in Operation if not one.one_host] == [Operation.MIGRATE]


def test_larger_image_gets_more_time():
    limits = Limits(step_s=30, slowest_mib_per_s=4)
    assert limits.image_s(0) == 30
    assert limits.image_s(400 * 2**20) == 130


def test_every_strategy_and_every_kind_is_carried_out_by_something():
    assert set(STRATEGIES) == set(Strategy)
    assert set(KINDS) == set(WorkloadKind)
