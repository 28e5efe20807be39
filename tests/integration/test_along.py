"""A container moves with all that belongs to it: configuration, files, volumes, restarts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from migrations_app.engine import (
    MigrationPlan,
    Operation,
    Outcome,
    PhaseName,
    ProofKind,
    Report,
    SshHost,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
)

from .conftest import Pair
from .moves import FAST, LIMITS, RULES, assert_without_gap

pytestmark = pytest.mark.integration
NAME = "exercise"
REF = WorkloadRef(WorkloadKind.CONTAINER, NAME)
# Counts, and with every number appends to files in the layer and in the volume; it changes,
# deletes, renames and hides files while it is on its way.
SCRIPT = """
mkdir -p /work/kept /data/deep
echo before > /work/kept/before; echo gone > /work/gone; ln -s kept/before /work/link
ln /work/kept/before /work/another; chmod 4711 /work/kept/before; chown 12:34 /work/another
rm /bin/zcat; dd if=/dev/urandom of=/data/deep/large bs=1M count=9 2>/dev/null
dd if=/dev/urandom of=/data/sparse bs=1k seek=90000 count=1 2>/dev/null; mkfifo /data/fifo
i=0
while true; do
  echo "$i" >> /work/log; echo "$i" >> /data/log; rm -f /work/gone
  echo "$i" > /data/new && mv /data/new /data/current
  dd if=/dev/urandom of=/data/deep/large bs=4k seek=$((i % 2000)) count=1 conv=notrunc 2>/dev/null
  mkdir -p /work/dir$((i % 5)) && rm -rf /work/dir$(((i + 1) % 5))
  echo "$i"; i=$((i+1)); sleep 0.02
done
"""
RUN = ["docker", "run", "--detach", "--pull", "never", "--name", NAME]
OPTIONS = [
    *("--volume", "exercise-data:/data", "--volume", "/nobody", "--restart", "unless-stopped"),
    *("--env", "GREETING=hello world", "--label", "course=os 1", "--hostname", "its-name"),
    *("--memory", "256m", "--pids-limit", "50", "--ulimit", "nofile=500:600", "--shm-size", "32m"),
    *("--cap-drop", "MKNOD", "--workdir", "/tmp", "--user", "0:0", "--tmpfs", "/scratch:size=1m"),
    *("--publish", "127.0.0.1:8765:80", "--log-opt", "max-size=9m", "--stop-signal", "SIGINT"),
    *("--health-cmd", "true", "--health-interval", "1h", "--entrypoint", "sh", "--read-only=false"),
]
EVERY_FILE = (
    "cd {place} && find . -mindepth 1 -printf '%p %y %m %U %G %s %l\\n' | grep -v ' d .* ' | sort"
    " && find . -type f -print0 | sort -z | xargs -0 -r sha256sum"
    " && find . -type d -printf '%p %m %U %G\\n' | sort"
)
LEFT = (
    "docker rm --force --volumes exercise exercise-clone other; docker volume rm exercise-data;"
    " docker volume prune --all --force"
)


def start(pair: Pair, *options: str, script: str = SCRIPT) -> None:
    quoted = [f"'{word}'" for word in [*RUN, *options, "busybox", "-c", script]]
    pair.run(pair.a, " ".join(quoted))
    pair.run(pair.a, "until docker logs exercise 2>&1 | grep -q 5; do sleep 0.1; done")


@pytest.fixture
def tidy(hosts: Pair) -> Iterator[Pair]:
    yield from _tidy(hosts)


@pytest.fixture
def tidy26(clean_pair: Pair) -> Iterator[Pair]:
    yield from _tidy(clean_pair)


def _tidy(pair: Pair) -> Iterator[Pair]:
    for host in pair.both():
        pair.run(host, LEFT)
    yield pair
    for host in pair.both():
        pair.run(host, LEFT)


def move(
    source: SshHost, target: SshHost, strategy: Strategy, ref: WorkloadRef = REF, **more: Any
) -> Report:
    plan = MigrationPlan(
        f"it-{secrets.token_hex(4)}",
        ref,
        strategy=strategy,
        proof=ProofKind.SEQUENCE,
        limits=LIMITS,
        pre_copy=RULES,
        **more,
    )
    return migrate(plan, source, target, lambda event: None)


def inspected(pair: Pair, host: SshHost) -> dict[str, Any]:
    return json.loads(pair.run(host, f"docker container inspect {NAME}"))[0]


def files(pair: Pair, host: SshHost) -> str:
    """Every file of the layer, as the container itself sees it, and of the volume."""
    pair.run(host, f"docker pause {NAME}")
    try:
        pid = inspected(pair, host)["State"]["Pid"]
        places = (f"/proc/{pid}/root/work", f"/proc/{pid}/root/bin", f"/proc/{pid}/root/data")
        return "".join(pair.run(host, EVERY_FILE.format(place=place)) for place in places)
    finally:
        pair.run(host, f"docker unpause {NAME}")


# Of what inspect shows: what a container is by its own, and not by what it was asked to be.
OWN = ("Id", "Created", "State", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath")
OWN_TOO = ("GraphDriver", "NetworkSettings", "Storage", "ImageManifestDescriptor", "ExecIDs")


def config_of(found: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in found.items() if key not in OWN + OWN_TOO}
    host = {**kept["HostConfig"], "Runtime": "", "Binds": []}
    mounts = sorted((one["Destination"], one["Name"]) for one in kept["Mounts"])
    return {**kept, "HostConfig": host, "Mounts": mounts}


def assert_moved(report: Report) -> None:
    assert report.error is None, report.error
    assert report.outcome is Outcome.SUCCEEDED and report.proof.passed, report.proof
    assert [word for word in report.warnings if not word.startswith("docker-start")] == []
    check = report.along["check"]
    assert check["wrong"] == [] and check["same"] > 0
    names = [phase.name for phase in report.phases]
    assert names.count(PhaseName.FILES) == names.count(PhaseName.FILES_AGAIN) == 1
    again = report.metrics.files_stop_bytes
    assert again > 0 and report.metrics.files_bytes > 9 << 20
    if report.strategy != Strategy.COLD:
        assert again < 3 << 20  # of the large file only what has changed


def still(script: str) -> str:
    """As the script, but that it changes nothing more after a while."""
    return script.replace("while true; do", "while [ $i -lt 40 ]; do") + (
        "\nwhile true; do echo $i; i=$((i+1)); sleep 0.02; done"
    )


def there_and_back(pair: Pair, strategy: Strategy) -> None:
    start(pair, *OPTIONS, script=still(SCRIPT))
    pair.run(pair.a, f"until docker logs {NAME} | grep -qx 41; do sleep 0.1; done")
    config, every_file = config_of(inspected(pair, pair.a)), files(pair, pair.a)
    for here, there in ((pair.a, pair.b), (pair.b, pair.a)):
        assert_moved(move(here, there, strategy))
        assert files(pair, there) == every_file
        assert config_of(inspected(pair, there)) == config
        if strategy is Strategy.COLD:  # the others' target has a log of its own
            assert_log_goes_on(pair, there)
        assert pair.run(here, "docker ps --all --quiet; docker volume ls --quiet") == ""
    assert every_file.count("\n") > 20


def assert_log_goes_on(pair: Pair, host: SshHost) -> None:
    """With what it wrote before, on whichever host that was."""
    numbers = [int(line) for line in pair.run(host, f"docker logs {NAME}").split()]
    assert numbers[0] == 0 and len(numbers) > 42
    assert_without_gap(numbers)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_configuration_and_every_file_are_the_same_afterwards(
    tidy26: Pair, strategy: Strategy
) -> None:
    there_and_back(tidy26, strategy)


def test_on_docker_28_too(clean_pair28: Pair) -> None:
    for pair in _tidy(clean_pair28):
        there_and_back(pair, Strategy.POST_COPY)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", FAST)
def test_on_docker_28_by_every_strategy(clean_pair28: Pair, strategy: Strategy) -> None:
    for pair in _tidy(clean_pair28):
        there_and_back(pair, strategy)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_files_that_change_all_the_time_lose_no_line(tidy26: Pair, strategy: Strategy) -> None:
    start(tidy26, *OPTIONS)
    here = tidy26.a
    for _ in range(2):
        there = tidy26.other(here)
        assert_moved(move(here, there, strategy))
        here = there
    tidy26.run(here, f"docker pause {NAME}")
    lines = [
        tidy26.run(here, f"docker cp {NAME}:{path} - | tar --extract --to-stdout").split()
        for path in ("/work/log", "/data/log")
    ]
    tidy26.run(here, f"docker unpause {NAME}")
    for numbers in lines:
        assert_without_gap([int(number) for number in numbers])
    assert abs(len(lines[0]) - len(lines[1])) <= 1 and len(lines[0]) > 10


def test_clone_on_the_same_host_has_the_files_too(tidy26: Pair) -> None:
    start(tidy26, "--entrypoint", "sh", script=still(SCRIPT))
    tidy26.run(tidy26.a, f"until docker logs {NAME} | grep -qx 41; do sleep 0.1; done")
    before = files(tidy26, tidy26.a)
    one = WorkloadRef(WorkloadKind.CONTAINER, NAME)
    two = WorkloadRef(WorkloadKind.CONTAINER, f"{NAME}-clone")
    for ref in (one, two):
        report = move(tidy26.a, tidy26.a, Strategy.COLD, ref, operation=Operation.LOCAL_CLONE)
        assert report.error is None and report.proof.passed
    assert files(tidy26, tidy26.a) == before


def test_only_the_newest_of_a_long_log_comes_along_and_the_report_says_so(tidy26: Pair) -> None:
    line = "x" * 1000
    script = f"i=0; while [ $i -lt 45000 ]; do echo {line}; i=$((i+1)); done; "
    script += "while true; do echo $i; i=$((i+1)); sleep 0.02; done"
    start(tidy26, "--entrypoint", "sh", script=f"echo 5; {script}")
    tidy26.run(tidy26.a, f"until docker logs --tail 1 {NAME} | grep -q 45; do sleep 0.2; done")
    report = move(tidy26.a, tidy26.b, Strategy.COLD)
    assert report.error is None and report.proof.passed, report.error
    assert report.warnings == ("log-cut",) and report.along["log"]["cut"]
    size = int(tidy26.run(tidy26.b, f"docker logs {NAME} | wc --bytes"))
    assert 28 << 20 < size < 33 << 20
    numbers = tidy26.run(tidy26.b, f"docker logs {NAME} | grep -v x").split()
    assert_without_gap([int(number) for number in numbers])
