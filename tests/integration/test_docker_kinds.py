"""What the two kinds of lab hosts have, and what that means for the exercise by hand."""

import subprocess
from collections.abc import Iterator

import pytest

from migrations_app.engine import SshHost

from .conftest import Pair

pytestmark = pytest.mark.integration
# The name is one that the fixtures remove before the next test, should this one be killed.
START = "docker run --detach --name exercise busybox sh -c 'while true; do date; sleep 0.1; done'"
CHECKPOINT = "docker checkpoint create exercise by-hand"
# A person tries again, as containerd refuses until its garbage is collected: docs/decisions/0006.
RESTORE = (
    "for attempt in 1 2 3 4 5 6 7 8; do"
    " docker start --checkpoint by-hand exercise && exit; sleep 0.5; done; exit 1"
)
STATE = "docker inspect --format {{.State.Status}} exercise"
RUNC_CHECKPOINT = (
    "runc --root /run/docker/runtime-runc/moby checkpoint --leave-running"
    " --image-path /dev/shm/exercise/image --work-path /dev/shm/exercise/work"
    " $(docker inspect --format {{.Id}} exercise)"
)
# Docker leaves its copies of a checkpoint in /tmp.
REMOVE = "docker rm --force exercise; rm -rf /tmp/ctrd-checkpoint* /dev/shm/exercise"


@pytest.fixture
def started(clean_pair: Pair) -> Iterator[Pair]:
    yield from _started(clean_pair)


@pytest.fixture
def started28(clean_pair28: Pair) -> Iterator[Pair]:
    yield from _started(clean_pair28)


def _started(pair: Pair) -> Iterator[Pair]:
    """A container that runs on the first host."""
    pair.run(pair.a, f"{START} && sleep 0.5")
    yield pair
    pair.run(pair.a, REMOVE)


def state(pair: Pair) -> str:
    return pair.run(pair.a, STATE).strip()


def major(pair: Pair, host: SshHost) -> int:
    version = pair.run(host, "docker version --format {{.Server.Version}}")
    return int(version.partition(".")[0])


def test_each_kind_of_lab_has_its_docker(pair: Pair, pair28: Pair) -> None:
    assert {major(pair, host) for host in pair.both()} == {26}
    assert all(major(pair28, host) >= 28 for host in pair28.both())


def test_both_kinds_have_the_same_images(pair: Pair, pair28: Pair) -> None:
    ids = "docker images --no-trunc --format '{{.Repository}} {{.ID}}' | sort"
    assert pair.run(pair.a, ids) == pair28.run(pair28.b, ids) != ""


def test_docker_26_starts_a_container_from_its_checkpoint(started: Pair) -> None:
    started.run(started.a, CHECKPOINT)
    started.run(started.a, RESTORE)
    assert state(started) == "running"


def test_docker_28_does_not_start_a_container_from_its_checkpoint(started28: Pair) -> None:
    started28.run(started28.a, CHECKPOINT)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        started28.run(started28.a, RESTORE)
    assert "/proc/0/ns/net" in caught.value.stderr
    assert state(started28) == "exited"


def test_docker_28_pauses_a_container_that_runc_then_checkpoints(started28: Pair) -> None:
    started28.run(started28.a, "mkdir -p /dev/shm/exercise && docker pause exercise")
    started28.run(started28.a, RUNC_CHECKPOINT)
    assert state(started28) == "paused"
    started28.run(started28.a, "docker unpause exercise")
    assert state(started28) == "running"
