"""Hosts that are in the way: real jobs that are refused or diagnosed with their row.

Where the site goes round a trouble by itself, so that no job of its own meets it, the tool is asked
on the host as a person would by hand, and what it really says is explained by its row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app import lab
from migrations_app.engine import (
    Outcome,
    Report,
    SshHost,
    Strategy,
    WorkloadKind,
    collect_facts,
    start_workload,
)
from migrations_app.engine.causes import BY_KEY
from migrations_app.engine.diagnosis import Evidence, diagnose
from migrations_app.engine.host_problems import PIPE_LIMIT

from .conftest import Pair
from .old_criu import CRIU, DOCKER, fetch, older, standing_before
from .troubles import Troubles

pytestmark = [pytest.mark.integration, pytest.mark.slow]
PROCESS, CONTAINER = WorkloadKind.PROCESS, WorkloadKind.CONTAINER
BOOKWORM, TRIXIE = "bookworm", "trixie"  # with CRIU 3.17.1 and 4.1.1
HAND = "/root/by-hand"  # images that are made by hand
# A process that belongs to nobody, its pid in $P; and what a container counts with.
COUNTER = "setsid /bin/busybox sleep 1003 </dev/null >/dev/null 2>&1 & P=$!; sleep 0.5"
LOOP = "sh -c 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done'"
# A filter that allows everything: CRIU under it may not suspend those of others.
UNDER_A_FILTER = """\
#!/usr/bin/python3
import ctypes, os, sys
class Rule(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte),
                ("value", ctypes.c_uint)]
class Rules(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("first", ctypes.POINTER(Rule))]
libc = ctypes.CDLL(None, use_errno=True)
rules = Rules(1, (Rule * 1)(Rule(6, 0, 0, 0x7FFF0000)))
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, ctypes.byref(rules)) == 0
os.execv("/usr/sbin/criu", ["criu", *sys.argv[1:]])
"""
# The daemon that fetches pages, in another folder than the restore that looks for it.
ELSEWHERE = """\
#!/bin/bash
if [ "$1" = lazy-pages ]; then
    mkdir -p /root/by-hand/elsewhere
    arguments=() before=
    for word; do
        [ "$before" = --work-dir ] && word=/root/by-hand/elsewhere
        arguments+=("$word") before=$word
    done
    exec /usr/sbin/criu "${arguments[@]}"
fi
exec /usr/sbin/criu "$@"
"""
# As old versions of Docker do: the checkpoint is not heeded, and nothing is said.
HEEDLESS = """\
#!/bin/sh
[ "$1" = start ] && [ "$2" = --checkpoint ] && shift 3 && exec /usr/bin/docker start "$@"
exec /usr/bin/docker "$@"
"""


@pytest.fixture
def troubles(clean_pair: Pair) -> Iterator[Troubles]:
    made = Troubles(clean_pair)
    yield made
    made.end()
    for host in clean_pair.both():
        clean_pair.run(host, f"rm -rf {HAND}; pkill -f '[b]usybox sleep 1003' || true")


@pytest.fixture(scope="module")
def debians(lab_config: lab.LabConfig, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Archives of CRIU, by the release that it is from."""
    folder = tmp_path_factory.mktemp("criu")
    return {release: fetch(release, folder, lab_config) for release in (BOOKWORM, TRIXIE)}


def row(report: Report) -> tuple[str, int | None]:
    """The code of a failure and the number of its row; the workload is where it was."""
    assert report.outcome is Outcome.FAILED and report.error is not None, report
    cause = report.error.cause
    return report.error.code, cause.number if cause else None


def by_hand(pair: Pair, host: SshHost, script: str, limit_s: float = 60) -> str:
    """All that a script prints, whatever comes of it."""
    return pair.run(host, f"exec 2>&1; mkdir -p {HAND}; {script}\ntrue", limit_s=limit_s)


def explained(said: str) -> int | None:
    """The number of the row that explains what a tool said."""
    found = diagnose(Evidence("command-failed", said))
    assert found is not None, said
    return found.number


def of_log(log: str, name: str = "dump.log") -> int | None:
    found = diagnose(Evidence("dump-failed", "", [(name, log)]))
    assert found is not None, log
    return found.number


class TestCriu:
    def test_host_without_it_is_refused(self, troubles: Troubles):
        pair, ref = troubles.pair, troubles.start("file-lock", PROCESS)
        pair.run(pair.b, "mv /usr/sbin/criu /usr/sbin/criu.away")
        try:
            report = troubles.move(ref, Strategy.STOP_AND_COPY)
        finally:
            pair.run(pair.b, "mv /usr/sbin/criu.away /usr/sbin/criu")
        assert row(report) == ("criu-missing", None)
        assert troubles.state(pair.a, ref) == "running"

    @pytest.mark.parametrize(("release", "version"), [(BOOKWORM, "3.17.1"), (TRIXIE, "4.1.1")])
    def test_one_that_is_too_old_is_refused_by_name(
        self, release: str, version: str, troubles: Troubles, debians: dict[str, Path]
    ):
        pair, ref = troubles.pair, troubles.start("file-lock", PROCESS)
        with older(pair, pair.b, debians[release]):
            report = troubles.move(ref, Strategy.STOP_AND_COPY)
        assert row(report) == ("criu-too-old", BY_KEY["vdso"].number)
        assert report.error is not None and version in report.error.message
        assert troubles.state(pair.a, ref) == "running"

    def test_words_of_debian_12s_are_explained(self, troubles: Troubles, debians: dict[str, Path]):
        pair = troubles.pair
        with older(pair, pair.a, debians[BOOKWORM]):
            assert explained(by_hand(pair, pair.a, "criu check")) == 22

    def test_words_of_debian_13s_are_explained(self, troubles: Troubles, debians: dict[str, Path]):
        """It checks well, and fails at the first socket."""
        pair, ref = troubles.pair, troubles.start("own-address", PROCESS)
        with older(pair, pair.a, debians[TRIXIE]):
            dump = f"criu dump --tree {ref.pid} --images-dir {HAND} --log-file d.log"
            assert of_log(by_hand(pair, pair.a, f"{dump}; cat {HAND}/d.log")) == 23
        assert troubles.state(pair.a, ref) == "running"

    def test_one_under_a_filter_is_diagnosed(self, troubles: Troubles):
        """A container has a filter of its own, which CRIU has to suspend."""
        pair, ref = troubles.pair, troubles.start("hard-link", CONTAINER)
        with standing_before(pair, pair.a, CRIU, UNDER_A_FILTER):
            report = troubles.move(ref, Strategy.STOP_AND_COPY, "workload-link-remap")
        assert row(report)[1] == BY_KEY["seccomp"].number
        assert troubles.state(pair.a, ref) == "running"

    def test_daemon_in_another_folder_is_diagnosed(self, troubles: Troubles):
        pair, ref = troubles.pair, troubles.start("file-lock", PROCESS)
        with standing_before(pair, pair.b, CRIU, ELSEWHERE):
            report = troubles.move(ref, Strategy.POST_COPY)
        assert row(report)[1] == BY_KEY["lazy-pages-socket"].number
        assert troubles.state(pair.a, ref) == "running"

    def test_words_of_a_restore_without_the_daemon_are_explained(self, troubles: Troubles):
        pair = troubles.pair
        said = by_hand(
            pair,
            pair.a,
            f"{COUNTER}; cd {HAND}; criu dump --tree $P; criu restore --lazy-pages -d -o r.log;"
            "grep Error r.log",
        )
        assert of_log(said, "restore.log") == 29

    def test_kernel_that_tracks_no_memory_is_gone_round_and_its_words_are_explained(
        self, troubles: Troubles
    ):
        pair, ref = troubles.pair, troubles.start("file-lock", PROCESS)
        if collect_facts(pair.a)["criu"]["features"]["mem_dirty_track"]:
            pytest.skip("this kernel tracks memory")
        report = troubles.move(ref, Strategy.PRE_COPY)
        assert report.outcome is Outcome.SUCCEEDED, report.error
        said = by_hand(
            pair,
            pair.a,
            f"{COUNTER}; criu pre-dump --tree $P --images-dir {HAND} -o d.log; cat {HAND}/d.log",
        )
        assert of_log(said) == 28
        assert explained(by_hand(pair, pair.a, "criu check --feature mem_dirty_track")) == 28

    def test_child_that_nothing_can_stop_is_diagnosed(self, troubles: Troubles):
        pair, ref = troubles.pair, troubles.start("vfork", PROCESS)
        report = troubles.move(ref, Strategy.STOP_AND_COPY)
        assert row(report)[1] == BY_KEY["criu-timeout"].number
        assert troubles.state(pair.a, ref) == "running"

    def test_run_that_is_no_tmpfs_is_told_by_criu_and_by_the_facts(self, troubles: Troubles):
        pair = troubles.pair
        other = (
            "unshare --mount --propagation private sh -c 'mkdir -p /root/by-hand/run;"
            "mount --bind /root/by-hand/run /run; criu check -v4; stat -f -c %T /run'"
        )
        lines = by_hand(pair, pair.a, other).splitlines()
        assert any("Can't keep kdat cache on non-tempfs" in line for line in lines)
        assert lines[-1] != "tmpfs" and collect_facts(pair.a)["run_filesystem"] == "tmpfs"


class TestDocker:
    @pytest.fixture
    def plain(self, troubles: Troubles) -> Iterator[None]:
        """The source's Docker without experimental features."""
        pair, config = troubles.pair, "/etc/docker/daemon.json"
        pair.run(
            pair.a, f"cp {config} /root/kept.json; echo '{{}}' > {config}; systemctl restart docker"
        )
        yield
        pair.run(pair.a, f"mv /root/kept.json {config}; systemctl restart docker")

    def counter(self, troubles: Troubles) -> str:
        name = "exercise-by-hand"
        ref = start_workload(
            troubles.pair.a,
            kind=CONTAINER,
            name=name,
            type_name="counter",
            values={"interval_ms": 20},
        )
        troubles.started.append(ref)
        time.sleep(0.5)
        return name

    def test_one_that_is_not_experimental_is_refused(self, troubles: Troubles, plain: None):
        ref = troubles.start("file-lock", CONTAINER)
        report = troubles.move(ref, Strategy.COLD)
        assert row(report) == ("docker-not-experimental", 6)
        name, pair = ref.name, troubles.pair
        assert explained(by_hand(pair, pair.a, f"docker checkpoint create {name} one")) == 6

    def test_folder_of_ones_own_is_refused_by_docker_and_explained(self, troubles: Troubles):
        pair, name = troubles.pair, self.counter(troubles)
        there = f"--checkpoint-dir {HAND}"
        said = by_hand(
            pair,
            pair.a,
            f"docker checkpoint create {there} {name} one;"
            f"docker start --checkpoint one {there} {name}",
        )
        assert explained(said.splitlines()[-1]) == 2

    def test_restored_twice_under_one_name_is_refused_by_docker_and_explained(
        self, troubles: Troubles
    ):
        """containerd has the checkpoint still, and how long it has is its own affair."""
        pair, name = troubles.pair, self.counter(troubles)
        said = by_hand(
            pair,
            pair.a,
            f"for i in 1 2 3 4 5 6 7 8; do docker checkpoint create {name} one$i;"
            f"docker start --checkpoint one$i {name} > {HAND}/said 2>&1 || break;"
            f"done; cat {HAND}/said; docker start {name}; rm -rf /tmp/ctrd-checkpoint*",
        )
        line = next(line for line in said.splitlines() if "already exists" in line)
        assert explained(line) == 3

    def test_one_that_does_not_heed_the_checkpoint_is_diagnosed(self, troubles: Troubles):
        pair, name = troubles.pair, self.counter(troubles)
        (ref,) = (one for one in troubles.started if one.name == name)
        with standing_before(pair, pair.b, DOCKER, HEEDLESS):
            report = troubles.move(ref, Strategy.COLD)
        assert row(report) == ("proof-failed", 5)

    def test_large_ghost_file_that_is_not_heeded_is_diagnosed(self, troubles: Troubles):
        ref = troubles.start("ghost-file", CONTAINER)
        assert row(troubles.move(ref, Strategy.COLD)) == ("workload-ghost-file", 12)
        report = troubles.move(ref, Strategy.COLD, "workload-ghost-file")
        assert row(report)[1] == 12
        assert troubles.state(troubles.pair.a, ref) == "running"

    def test_name_that_was_left_behind_on_the_target_is_refused(self, troubles: Troubles):
        pair, name = troubles.pair, self.counter(troubles)
        (ref,) = troubles.started
        pair.run(pair.b, f"docker create --name {name} busybox true")
        assert row(troubles.move(ref, Strategy.STOP_AND_COPY)) == ("target-name-taken", 33)
        assert troubles.state(pair.a, ref) == "running"


class TestNewerDocker:
    def test_its_own_restore_is_refused_and_its_words_are_explained(self, clean_pair28: Pair):
        troubles = Troubles(clean_pair28)
        pair, ref = troubles.pair, troubles.start("file-lock", CONTAINER)
        try:
            assert row(troubles.move(ref, Strategy.COLD)) == ("docker-restore-broken", 1)
            name = "exercise-by-hand28"
            said = by_hand(
                pair,
                pair.a,
                f"docker run -d --name {name} busybox {LOOP}; sleep 1;"
                f"docker checkpoint create {name} one; docker start --checkpoint one {name};"
                f"docker rm --force {name} >/dev/null",
            )
        finally:
            troubles.end()
        line = next(line for line in said.splitlines() if "bind-mount" in line)
        assert explained(line) == 1


class TestAddress:
    def test_one_that_the_target_lacks_is_refused(self, troubles: Troubles):
        ref = troubles.start("own-address", PROCESS)
        assert row(troubles.move(ref, Strategy.STOP_AND_COPY)) == ("address-missing", 9)
        assert troubles.state(troubles.pair.a, ref) == "running"

    def test_told_to_go_on_it_is_diagnosed_and_goes_on_at_home(self, troubles: Troubles):
        ref = troubles.start("own-address", PROCESS)
        report = troubles.move(ref, Strategy.STOP_AND_COPY, "address-missing")
        assert row(report)[1] == 9
        assert report.error is not None and report.error.cause is not None
        assert report.error.cause.log == "restore.log"
        assert troubles.state(troubles.pair.a, ref) == "running"


def test_limit_on_pipes_is_told_before_and_diagnosed(troubles: Troubles):
    """The limit is this machine's own, so it concerns every lab on it: only when there is no other.

    It is set back whatever happens.
    """
    pair = troubles.pair
    others = [
        path.name
        for path in Path("/run/netns").glob("migration-lab-*")
        if path.name != pair.config.group
    ]
    if others:
        pytest.skip(f"another lab is up: {', '.join(others)}")
    place = Path("/proc/sys", *PIPE_LIMIT.split("."))
    before = place.read_text()
    ref = start_workload(
        pair.a,
        kind=PROCESS,
        name="exercise-pages",
        type_name="memory",
        values={"memory_mib": 64},
    )
    troubles.started.append(ref)
    place.write_text("16")
    try:
        facts = collect_facts(pair.a)
        report = troubles.move(ref, Strategy.STOP_AND_COPY)
    finally:
        place.write_text(before)
    if not facts["pipes_limited"]:
        pytest.skip("the kernel does not limit us here")
    assert "source: pipe-limit" in report.warnings
    assert row(report)[1] == BY_KEY["pipe-limit"].number
    assert troubles.state(pair.a, ref) == "running"
