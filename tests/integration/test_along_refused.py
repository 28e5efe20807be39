"""What cannot come along with a container is refused while it runs, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from migrations_app.engine import Outcome, SshHost, Strategy, workload_status

from .conftest import Pair
from .test_along import LEFT, NAME, REF, RUN, move

pytestmark = pytest.mark.integration
LOOP = "sh -c 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.05; done'"
VOLUME = "exercise-data"
# Sorted: Docker lists images of one date in any order.
THERE = "(docker ps --all --quiet; docker volume ls --quiet; docker images --quiet) | sort"


@pytest.fixture
def tidy(clean_pair: Pair) -> Iterator[Pair]:
    for host in clean_pair.both():
        clean_pair.run(host, LEFT)
    yield clean_pair
    for host in clean_pair.both():
        clean_pair.run(host, f"{LEFT}; docker network rm exercise-net; rm -rf /srv/exercise; true")


def start(pair: Pair, options: str = "", host: SshHost | None = None, name: str = NAME) -> None:
    words = " ".join([*RUN[:-1], name, options, "busybox", LOOP])
    pair.run(host or pair.a, words)


def assert_refused(pair: Pair, code: str, words: str, strategy=Strategy.STOP_AND_COPY) -> None:
    before = pair.run(pair.b, THERE)
    report = move(pair.a, pair.b, strategy)
    assert report.outcome is Outcome.FAILED and report.error is not None
    assert (report.error.code, report.error.phase) == (code, "prepare"), report.error
    assert words in report.error.message
    assert report.error.workload_is_on == "source" and report.metrics.stop_time_ms is None
    assert workload_status(pair.a, REF).state == "running"
    assert "freeze" not in [phase.name for phase in report.phases]
    assert pair.run(pair.b, THERE) == before


@contextmanager
def little_room(pair: Pair, place: str) -> Iterator[None]:
    """A file system of 70 MiB there on the target: our margin is most of it."""
    pair.run(pair.b, f"mkdir -p {place} && mount -t tmpfs -o size=70m none {place}")
    try:
        yield
    finally:
        pair.run(pair.b, f"umount {place}")


def test_port_that_is_taken(tidy: Pair) -> None:
    start(tidy, "--publish 8766:80")
    start(tidy, "--publish 8766:80", tidy.b, "other")
    assert_refused(tidy, "port-taken", "8766/tcp")


def test_volume_with_other_content(tidy: Pair) -> None:
    start(tidy, f"--volume {VOLUME}:/data")
    tidy.run(tidy.b, f"docker volume create {VOLUME}")
    tidy.run(tidy.b, f"echo theirs > /var/lib/docker/volumes/{VOLUME}/_data/file")
    assert_refused(tidy, "volume-differs", VOLUME)
    assert "theirs" in tidy.run(tidy.b, f"cat /var/lib/docker/volumes/{VOLUME}/_data/file")


def test_volume_that_another_container_uses(tidy: Pair) -> None:
    start(tidy, f"--volume {VOLUME}:/data")
    start(tidy, f"--volume {VOLUME}:/data", name="other")
    assert_refused(tidy, "volume-shared", "other")


def test_volume_that_is_no_plain_folder(tidy: Pair) -> None:
    options = "--opt type=tmpfs --opt device=tmpfs"
    tidy.run(tidy.a, f"docker volume create {options} {VOLUME}")
    start(tidy, f"--volume {VOLUME}:/data")
    assert_refused(tidy, "volume-driver", VOLUME)


def test_folder_of_the_host_that_is_written_to(tidy: Pair) -> None:
    for host in tidy.both():
        tidy.run(host, "mkdir -p /srv/exercise")
    start(tidy, "--volume /srv/exercise:/data")
    assert_refused(tidy, "bind-mount", "/srv/exercise")


def test_folder_of_the_host_for_reading_that_differs(tidy: Pair) -> None:
    for host, content in ((tidy.a, "one"), (tidy.b, "two")):
        tidy.run(host, f"mkdir -p /srv/exercise && echo {content} > /srv/exercise/file")
    start(tidy, "--volume /srv/exercise:/data:ro")
    assert_refused(tidy, "bind-mount", "not the same")


def test_folder_of_the_host_for_reading_that_is_the_same_is_left_to_the_target(
    tidy: Pair,
) -> None:
    for host in tidy.both():
        tidy.run(host, "mkdir -p /srv/exercise && echo same > /srv/exercise/file")
        tidy.run(host, "touch --date 2026-01-01 /srv/exercise /srv/exercise/file")
    start(tidy, "--volume /srv/exercise:/data:ro")
    report = move(tidy.a, tidy.b, Strategy.STOP_AND_COPY)
    assert report.error is None, report.error
    assert tidy.run(tidy.b, f"docker exec {NAME} cat /data/file") == "same\n"


def test_network_that_is_missing(tidy: Pair) -> None:
    tidy.run(tidy.a, "docker network create --subnet 172.30.9.0/24 exercise-net")
    start(tidy, "--network exercise-net")
    assert_refused(tidy, "network-missing", "exercise-net")


def test_network_with_other_addresses_and_address_that_is_in_use(tidy: Pair) -> None:
    tidy.run(tidy.a, "docker network create --subnet 172.30.9.0/24 exercise-net")
    start(tidy, "--network exercise-net --ip 172.30.9.77")
    tidy.run(tidy.b, "docker network create --subnet 172.30.8.0/24 exercise-net")
    assert_refused(tidy, "network-differs", "172.30.8.0/24")
    tidy.run(tidy.b, "docker network rm exercise-net")
    tidy.run(tidy.b, "docker network create --subnet 172.30.9.0/24 exercise-net")
    start(tidy, "--network exercise-net --ip 172.30.9.77", tidy.b, "other")
    assert_refused(tidy, "address-taken", "other")


def test_address_that_is_free_goes_along(tidy: Pair) -> None:
    for host in tidy.both():
        tidy.run(host, "docker network create --subnet 172.30.9.0/24 exercise-net")
    start(tidy, "--network exercise-net --ip 172.30.9.77")
    report = move(tidy.a, tidy.b, Strategy.STOP_AND_COPY)
    assert report.error is None, report.error
    assert "172.30.9.77/24" in tidy.run(tidy.b, f"docker exec {NAME} ip addr")


def test_no_room_for_a_volume(tidy: Pair) -> None:
    start(tidy, f"--volume {VOLUME}:/data")
    tidy.run(tidy.a, f"docker exec {NAME} dd if=/dev/urandom of=/data/file bs=1M count=20")
    with little_room(tidy, "/var/lib/docker/volumes"):
        assert_refused(tidy, "target-no-room", "/var/lib/docker/volumes")


def test_no_room_for_an_image_that_the_target_lacks(tidy: Pair) -> None:
    start(tidy)
    tidy.run(tidy.a, f"docker exec {NAME} dd if=/dev/urandom of=/large bs=1M count=20")
    tidy.run(tidy.a, f"docker commit {NAME} exercise-image && docker rm --force {NAME}")
    tidy.run(tidy.a, " ".join([*RUN, "exercise-image", LOOP]))
    try:
        with little_room(tidy, "/var/lib/docker/tmp"):
            assert_refused(tidy, "target-no-room", "/var/lib/docker/tmp")
    finally:
        tidy.run(tidy.a, f"docker rm --force {NAME}; docker image rm exercise-image")


def test_device_of_the_host(tidy: Pair) -> None:
    start(tidy, "--device /dev/zero:/dev/theirs")
    assert_refused(tidy, "container-devices", NAME)


def test_namespace_of_another_container(tidy: Pair) -> None:
    start(tidy, name="other")
    start(tidy, "--network container:other")
    assert_refused(tidy, "container-shares", "NetworkMode")


def test_container_that_docker_would_remove_with_its_checkpoint(tidy: Pair) -> None:
    start(tidy, "--rm")
    assert_refused(tidy, "container-auto-remove", "--rm", Strategy.COLD)


def test_policy_of_restarts_is_there_again_after_a_failure(tidy: Pair) -> None:
    """The target's Docker is told of a profile that it does not have, when it starts it."""
    start(tidy, "--restart always --hostname its-name")
    tidy.run(tidy.b, "mv /usr/sbin/runc /usr/sbin/runc.away")
    try:
        report = move(tidy.a, tidy.b, Strategy.STOP_AND_COPY)
    finally:
        tidy.run(tidy.b, "mv /usr/sbin/runc.away /usr/sbin/runc")
    assert report.outcome is Outcome.FAILED
    policy = tidy.run(tidy.a, f"docker inspect --format '{{{{.HostConfig.RestartPolicy}}}}' {NAME}")
    assert "always" in policy and workload_status(tidy.a, REF).state == "running"
