"""What makes a bare Debian or Ubuntu a ready host: steps with their commands, from facts; pure.

The same function tells the person what would be done and the host what to do: a step whose
commands are not those that were agreed to is not run. No command goes through a shell, and nothing
in them comes from a person but an archive line of the administrator, which has one form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .criu import OLDEST_USABLE, version_tuple

APT = (
    *("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"),
    *("apt-get", "-o", "DPkg::Lock::Timeout=5"),
)
INSTALL = (*APT, "install", "--yes", "--no-install-recommends")
SOURCES = "/etc/apt/sources.list.d/migration-lab.list"
SYSCTL = "/etc/sysctl.d/90-migration-lab.conf"
DAEMON_JSON = "/etc/docker/daemon.json"
# Without CAP_SYS_RESOURCE CRIU's page pipes fail at the default.
KERNEL_SETTINGS = {"fs.pipe-user-pages-soft": "0"}
STRICT_KERNEL = (6, 13)  # from here on CRIU has to be new: it reads the split vvar area
# deb [options] URI SUITE components: one line, no word that apt or a file could take otherwise.
ARCHIVE = re.compile(
    r"deb (?:\[[A-Za-z0-9=/.,_-]+(?: [A-Za-z0-9=/.,_-]+)*\] )?"
    r"(?:https?://|file:/)[A-Za-z0-9._~/:+-]+ [A-Za-z0-9._/-]+(?: [a-z][a-z0-9-]*)*"
)
UPDATE, DOCKER, CRIU, EXPERIMENTAL, RUNTIME, KERNEL, CHECK, SELF_TEST = (
    "update",
    "docker",
    "criu",
    "experimental",
    "runtime",
    "kernel",
    "criu-check",
    "self-test",
)
STEPS = (UPDATE, DOCKER, CRIU, EXPERIMENTAL, RUNTIME, KERNEL, CHECK, SELF_TEST)
UNDOABLE = (EXPERIMENTAL, RUNTIME, KERNEL)


@dataclass(frozen=True)
class Edit:
    """A file that is changed by our own program: what stands there and is not named is kept."""

    path: str
    sets: str  # what is set in it, as one line to read

    @property
    def words(self) -> list[str]:
        return ["edit", self.path, self.sets]


@dataclass(frozen=True)
class Command:
    argv: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return list(self.argv)


Action = Edit | Command


@dataclass(frozen=True)
class Archives:
    """Where the administrator wants packages from; "": from the distribution."""

    docker: str = ""
    criu: str = ""
    docker_packages: tuple[str, ...] = ()  # as that archive calls them

    def __post_init__(self) -> None:
        for line in (self.docker, self.criu):
            if line and not ARCHIVE.fullmatch(line):
                raise ValueError(f"not an archive as apt knows them: {line!r}")
        if not all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", name) for name in self.docker_packages):
            raise ValueError("not names of packages")


@dataclass(frozen=True)
class Step:
    """`needed` None: not known yet. `obstacle`: a code that says why it can't be run now."""

    name: str
    actions: tuple[Action, ...]
    needed: bool | None
    obstacle: str = ""

    @property
    def commands(self) -> list[list[str]]:
        return [action.words for action in self.actions]


def plan(facts: Mapping[str, Any], archives: Archives) -> list[Step]:
    """Every step in order. On a system without apt those of packages can't be run from here."""
    return [
        _update(facts),
        _docker(facts, archives),
        _criu(facts, archives),
        _experimental(facts),
        _runtime(facts),
        _kernel(facts),
        _try(CHECK, facts, "criu", "check"),
        _try(SELF_TEST, facts, *["dump", "and", "restore", "a", "counter", "with", "criu"]),
    ]


def _try(name: str, facts: Mapping[str, Any], *argv: str) -> Step:
    """A step that changes nothing; it is worth doing after every other."""
    return Step(name, (_run(*argv),), True, "" if facts.get("criu") else "criu-first")


def _run(*argv: str) -> Command:
    return Command(argv)


def _candidates(facts: Mapping[str, Any]) -> Mapping[str, str | None] | None:
    """Versions that apt would install, by package; None: there is no apt."""
    found: Mapping[str, str | None] | None = facts.get("packages")
    return found


def _update(facts: Mapping[str, Any]) -> Step:
    candidates = _candidates(facts)
    if candidates is None:
        return Step(UPDATE, (), None, "no-apt")
    return Step(UPDATE, (_run(*APT, "update"),), not any(candidates.values()))


def _docker(facts: Mapping[str, Any], archives: Archives) -> Step:
    needed = not facts.get("docker")
    candidates = _candidates(facts)
    if candidates is None:
        return Step(DOCKER, (), needed, "no-apt")
    if archives.docker:
        names = archives.docker_packages or ("docker-ce", "docker-ce-cli", "containerd.io")
        return Step(DOCKER, _from(archives.docker, names), needed)
    names = tuple(name for name in ("docker.io", "docker-cli") if candidates.get(name))
    obstacle = "" if "docker.io" in names else "lists-first"
    return Step(DOCKER, (_run(*INSTALL, *names),) if names else (), needed, obstacle)


def _criu(facts: Mapping[str, Any], archives: Archives) -> Step:
    there = (facts.get("criu") or {}).get("version")
    needed = not there or not fits(there, facts["kernel"])
    candidates = _candidates(facts)
    if candidates is None:
        return Step(CRIU, (), needed, "no-apt")
    if archives.criu:
        return Step(CRIU, _from(archives.criu, ("criu",)), needed)
    offered = candidates.get("criu")
    obstacle = ""
    if not offered:
        obstacle = "lists-first"
    elif not fits(offered, facts["kernel"]):
        obstacle = "criu-archive-needed"
    return Step(CRIU, (_run(*INSTALL, "criu"),), needed, obstacle)


def fits(version: str, kernel: str) -> bool:
    """Whether a CRIU can work on a kernel at all, as preflight has it."""
    return version_tuple(version) >= OLDEST_USABLE or version_tuple(kernel) < STRICT_KERNEL


def _from(archive: str, packages: tuple[str, ...]) -> tuple[Action, ...]:
    """Add the archive, install from it, and take it away again: nothing else is to come from it."""
    suite = re.sub(r"^deb (\[[^]]*\] )?", "", archive).split()[1]
    release = () if suite.endswith("/") else ("--target-release", suite)
    return (
        Edit(SOURCES, archive),
        _run(*APT, "update"),
        _run(*INSTALL, *release, *packages),
        _run("rm", "-f", SOURCES),
        _run(*APT, "update"),
    )


def _experimental(facts: Mapping[str, Any]) -> Step:
    docker = facts.get("docker")
    actions = (
        Edit(DAEMON_JSON, json.dumps({"experimental": True})),
        _run("systemctl", "restart", "docker"),
    )
    needed = None if not docker else not docker.get("experimental")
    return Step(EXPERIMENTAL, actions, needed, "" if docker else "docker-first")


def _runtime(facts: Mapping[str, Any]) -> Step:
    docker = facts.get("docker")
    path = "/usr/local/lib/migration-lab/runtime"
    actions = (
        Edit(path, "our OCI runtime"),
        Edit(DAEMON_JSON, json.dumps({"runtimes": {"migration-lab": {"path": path}}})),
    )
    needed = None if not docker else not docker.get("runtime_ready")
    return Step(RUNTIME, actions, needed, "" if docker else "docker-first")


def _kernel(facts: Mapping[str, Any]) -> Step:
    lines = ", ".join(f"{name} = {value}" for name, value in KERNEL_SETTINGS.items())
    actions = (Edit(SYSCTL, lines), _run("sysctl", "--load", SYSCTL))
    now = facts.get("kernel_settings") or {}
    return Step(KERNEL, actions, any(now.get(n) != v for n, v in KERNEL_SETTINGS.items()))


# What apt and dpkg say when they fail -> the code that explains it.
SAID: tuple[tuple[str, str], ...] = (
    ("Could not get lock", "apt-locked"),
    ("Unable to acquire the dpkg frontend lock", "apt-locked"),
    ("Unable to lock directory", "apt-locked"),
    ("No space left on device", "disk-full"),
    ("You don't have enough free space", "disk-full"),
    ("dpkg was interrupted", "dpkg-interrupted"),
    ("Unable to locate package", "package-unknown"),
    ("has no installation candidate", "package-unknown"),
    ("NO_PUBKEY", "archive-not-trusted"),
    ("is not signed", "archive-not-trusted"),
    ("Failed to fetch", "archive-unreachable"),
    ("Temporary failure resolving", "archive-unreachable"),
)


def code_of(output: str) -> str:
    """Why a command of a step failed; `preparing-failed` where its words tell nothing known."""
    return next((code for words, code in SAID if words in output), "preparing-failed")


def merged(text: str, changes: Mapping[str, Any]) -> str:
    """daemon.json with `changes` in it and all else as it was. Raises ValueError."""
    config = json.loads(text or "{}")
    if not isinstance(config, dict):
        raise ValueError("not a JSON object")
    for name, value in changes.items():
        old = config.get(name)
        if isinstance(value, Mapping):
            if old is not None and not isinstance(old, dict):
                raise ValueError(f"{name} is not a JSON object")
            config[name] = {**(old or {}), **value}
        else:
            config[name] = value
    return json.dumps(config, indent=2) + "\n"
