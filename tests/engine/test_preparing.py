"""The plan that makes a bare host ready, and that nothing gets into it that was not meant to."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine.hostside.machine import candidate_in
from migrations_app.engine.tools import preparing
from migrations_app.engine.tools.preparing import Archives, Step, code_of, merged, plan

from .samples import text

READY = json.loads(text("facts.json"))
BARE = READY | {
    "docker": None,
    "criu": None,
    "kernel_settings": {"fs.pipe-user-pages-soft": "16384"},
}
KNOWN = {"docker.io": "26.1.5", "docker-cli": "26.1.5", "criu": "4.1.1"}


def step(name: str, facts, archives=None) -> Step:
    return {one.name: one for one in plan(facts, archives or Archives())}[name]


def test_a_bare_host_whose_package_lists_are_empty_reads_them_first():
    facts = BARE | {"packages": dict.fromkeys(KNOWN)}
    assert step("update", facts).needed
    assert (step("docker", facts).obstacle, step("criu", facts).obstacle) == ("lists-first",) * 2


def test_the_distributions_criu_is_refused_where_the_kernel_is_too_new_for_it():
    facts = BARE | {"packages": KNOWN, "kernel": "6.18.1"}
    assert step("criu", facts).obstacle == "criu-archive-needed"
    assert step("criu", facts | {"kernel": "5.15.0-91-generic"}).obstacle == ""


def test_an_archive_is_there_for_its_package_alone_and_taken_away_again():
    archives = Archives(criu="deb [trusted=yes] http://mirror/debian testing main")
    commands = step("criu", BARE | {"packages": KNOWN}, archives).commands
    assert commands[0] == ["edit", preparing.SOURCES, archives.criu]
    assert commands[2][-3:] == ["--target-release", "testing", "criu"]
    assert ["rm", "-f", preparing.SOURCES] in commands


def test_packages_that_apt_does_not_know_are_not_asked_for():
    facts = BARE | {"packages": {"docker.io": "24.0", "docker-cli": None, "criu": "3.16.1"}}
    assert step("docker", facts).commands[0][-1:] == ["docker.io"]


def test_a_host_that_is_ready_needs_nothing_but_to_be_tried():
    facts = READY | {"packages": KNOWN, "kernel_settings": preparing.KERNEL_SETTINGS}
    assert [one.name for one in plan(facts, Archives()) if one.needed] == [
        "criu-check",
        "self-test",
    ]


def test_without_apt_the_packages_are_left_to_the_person():
    assert step("docker", BARE | {"packages": None}).obstacle == "no-apt"


def test_docker_comes_before_what_is_set_in_it():
    facts = BARE | {"packages": KNOWN}
    assert step("experimental", facts).obstacle == step("runtime", facts).obstacle == "docker-first"


@given(st.text())
def test_no_text_is_an_archive_that_has_a_second_line_or_a_shells_words(line):
    try:
        Archives(docker=line, criu=line)
    except ValueError:
        return
    assert line == "" or re.fullmatch(r"deb [^\n\r;|&$`'\"\\<>(){}*?#]+", line)


@pytest.mark.parametrize(
    "line",
    [
        "deb http://m/debian testing main\ndeb http://evil/ x",
        "deb http://m/debian testing main; reboot",
        "deb-src http://m/debian testing",
        "deb http://m/$(id) testing main",
        "deb cdrom:/x testing main",
    ],
)
def test_a_line_that_is_more_than_one_archive_is_refused(line):
    with pytest.raises(ValueError, match="not an archive"):
        Archives(criu=line)


@given(st.text())
def test_no_text_is_a_package_that_apt_would_take_for_an_option(name):
    try:
        Archives(docker_packages=(name,))
    except ValueError:
        return
    assert re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), JSON))
def test_all_that_stands_in_daemon_json_is_kept(config):
    config.pop("experimental", None)
    fresh = json.loads(merged(json.dumps(config), {"experimental": True}))
    assert fresh.pop("experimental") is True
    assert fresh == config


def test_other_runtimes_are_kept():
    old = json.dumps({"runtimes": {"nvidia": {"path": "x"}}, "log-driver": "journald"})
    fresh = json.loads(merged(old, {"runtimes": {"migration-lab": {"path": "y"}}}))
    assert set(fresh["runtimes"]) == {"nvidia", "migration-lab"}
    assert fresh["log-driver"] == "journald"


@pytest.mark.parametrize("old", ["{", "[]", '{"runtimes": 3}', "nonsense"])
def test_a_daemon_json_that_docker_could_not_read_is_refused(old):
    with pytest.raises(ValueError):
        merged(old, {"runtimes": {"migration-lab": {"path": "y"}}})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by 4242 (apt)",
            "apt-locked",
        ),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "disk-full"),
        ("E: dpkg was interrupted, you must manually run", "dpkg-interrupted"),
        ("E: Unable to locate package criu", "package-unknown"),
        ("W: Failed to fetch http://x/InRelease", "archive-unreachable"),
        ("something else", "preparing-failed"),
    ],
)
def test_apts_own_words_tell_what_is_wrong(words, code):
    assert code_of(f"Reading package lists...\n{words}\n") == code


def test_the_candidate_is_read_without_its_epoch():
    policy = "criu:\n  Installed: (none)\n  Candidate: 1:4.2-1\nx:\n  Candidate: (none)\n"
    assert (candidate_in(policy, "criu"), candidate_in(policy, "x")) == ("4.2-1", None)
