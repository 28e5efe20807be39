"""A lab of one host, brought up, broken and mended."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings

from migrations_app import lab
from migrations_app.lab import cgroups, machine, network

pytestmark = pytest.mark.integration
INSTANCE = f"{settings.INSTANCE[:8]}l"  # beside the lab that the other tests use


def silent(text: str) -> None:
    """What the lab says while it works."""


@pytest.fixture(scope="module")
def config() -> Iterator[lab.LabConfig]:
    lacks = lab.missing()
    if lacks:
        pytest.skip("; ".join(lacks))
    config = lab.LabConfig(instance=INSTANCE, hosts=1, mirror=settings.LAB_MIRROR)
    yield config
    lab.purge(config, silent, keep_cache=True)


@pytest.fixture
def host(config: lab.LabConfig) -> lab.LabHost:
    return lab.up(config, silent)[0]


def group(config: lab.LabConfig) -> str:
    return machine.group_of(config, config.place(0))


def leader(config: lab.LabConfig) -> int:
    pid = cgroups.leader(group(config))
    assert pid is not None
    return pid


def inside(config: lab.LabConfig, *argv: str) -> str:
    """What a command prints that is run in the host as a user would, over SSH."""
    command = [*lab.shell_argv(config, "lab-a"), "-o", "BatchMode=yes", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def docker_major(config: lab.LabConfig) -> int:
    version = inside(config, "docker", "version", "--format", "{{.Server.Version}}")
    return int(version.partition(".")[0])


def test_a_host_that_is_up_is_left_alone(config: lab.LabConfig, host: lab.LabHost) -> None:
    before = leader(config)
    assert lab.up(config, silent) == [host]
    assert leader(config) == before


def test_a_host_has_what_the_exercise_needs(config: lab.LabConfig, host: lab.LabHost) -> None:
    assert inside(config, "hostname").strip() == "lab-a"
    assert "Looks good" in inside(config, "criu", "check", "2>&1")
    assert "true" in inside(config, "docker", "info", "-f", "{{.ExperimentalBuild}}")
    images = inside(config, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert set(images) >= {"busybox:latest", "migration-lab/memory:1"}


@pytest.mark.parametrize("kill_all", [True, False], ids=["everything", "supervisor-alone"])
def test_a_killed_host_is_booted_again_with_its_keys(
    config: lab.LabConfig, host: lab.LabHost, kill_all: bool
) -> None:
    if kill_all:
        cgroups.kill(group(config))
    else:
        supervisor = cgroups.supervisor(group(config))
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
    assert lab.up(config, silent) == [host]
    assert inside(config, "hostname").strip() == "lab-a"


def test_a_lost_network_is_made_anew(config: lab.LabConfig, host: lab.LabHost) -> None:
    network.tear_down(config)
    assert lab.up(config, silent) == [host]
    assert inside(config, "hostname").strip() == "lab-a"


def test_a_reset_host_has_forgotten_all_but_its_keys(
    config: lab.LabConfig, host: lab.LabHost
) -> None:
    inside(config, "touch", "/root/trace")
    assert lab.reset(config, "lab-a", silent) == [host]
    assert "trace" not in inside(config, "ls", "/root")


def test_asked_for_another_docker_a_host_is_wiped_and_the_lab_keeps_the_kind(
    config: lab.LabConfig, host: lab.LabHost
) -> None:
    inside(config, "touch", "/root/trace")
    assert lab.up(replace(config, docker=lab.DockerKind.DOCKER_28), silent) == [host]
    assert "trace" not in inside(config, "ls", "/root")
    before = leader(config)
    assert lab.up(config, silent) == [host]
    assert leader(config) == before
    assert docker_major(config) >= 28
    lab.up(replace(config, docker=lab.DockerKind.DOCKER_26), silent)
    assert docker_major(config) == 26


def test_a_lab_that_is_down_leaves_nothing_running(
    config: lab.LabConfig, host: lab.LabHost
) -> None:
    lab.down(config, silent)
    lab.down(config, silent)
    assert cgroups.processes(config.group) == set()
    assert not network.namespace_path(config).exists()
    assert [(h.name, h.running) for h in lab.status(config)] == [("lab-a", False)]
