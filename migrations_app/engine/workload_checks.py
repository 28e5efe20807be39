"""What the very workload holds, before anything of it is frozen: pure.

What the hosts saw (hostside/look.py) in, a list of checks out. Each is a function of one question;
`fail` refuses, unless whoever may has named its code among those to skip; `adapts` says what the
run does by itself, as an option of CRIU's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import NotPossible
from .plan import MigrationPlan, Strategy, WorkloadKind
from .report import Check, CheckOutcome

Seen = Mapping[str, Any]
GHOST_LIMIT_BYTES = 1 << 20  # CRIU's own
MOST_GHOST_BYTES = 64 << 20  # more would make the image, and the stop, long
UNCONFINED = "unconfined"
# What of the CPU is saved with a task: a target that lacks one of these can't restore it.
SAVED_STATE = frozenset({"avx", "avx512f", "pku", "amx_tile", "mpx", "sve"})
WORDS = 3  # examples that are named


@dataclass(frozen=True)
class Looked:
    """Both looks, and the plan that they are for; `target` is None on one host."""

    source: Seen
    target: Seen | None
    plan: MigrationPlan

    @property
    def container(self) -> bool:
        return self.plan.workload.kind is WorkloadKind.CONTAINER

    @property
    def by_docker(self) -> bool:
        """Whether Docker calls CRIU, which takes no option of ours then."""
        return self.container and self.plan.strategy is Strategy.COLD


def _named(found: Sequence[Seen], key: str) -> str:
    names = list(dict.fromkeys(str(one[key]) for one in found if one.get(key) is not None))
    return ", ".join(names[:WORDS]) + (", …" if len(names) > WORDS else "")


def _check(code: str, found: Sequence[Seen], key: str, *, warn: bool = False) -> Check | None:
    """Nothing was found: passed. Else it fails, or warns."""
    if not found:
        return Check(code, CheckOutcome.PASSED)
    outcome = CheckOutcome.WARN if warn else CheckOutcome.FAIL
    return Check(code, outcome, {"what": _named(found, key)})


def _terminal(looked: Looked) -> Check | None:
    code = "container-terminal" if looked.container else "process-terminal"
    return _check(code, looked.source["terminals"], "path")


def _traced(looked: Looked) -> Check | None:
    return _check("workload-traced", looked.source["traced"], "pid")


def _io_uring(looked: Looked) -> Check | None:
    return _check("workload-io-uring", looked.source["io_uring"], "pid")


def _unsupported(looked: Looked) -> Check | None:
    return _check("workload-device", looked.source["unsupported"], "what")


def _multipath(looked: Looked) -> Check | None:
    return _check("workload-mptcp", looked.source["multipath"], "pid")


def _connections(looked: Looked) -> Check | None:
    found = looked.source["connections"]
    if found and looked.plan.tcp_established:
        return Check("workload-tcp", CheckOutcome.PASSED, {"what": _named(found, "port")})
    return _check("workload-tcp", found, "port")


def _outside(looked: Looked) -> Check | None:
    found = [{"who": one["path"] or f"fd {one['fd']}"} for one in looked.source["outside_sockets"]]
    return _check("workload-outside-socket", found, "who")


def _locks(looked: Looked) -> Check | None:
    found = looked.source["locks"]
    if not found or looked.by_docker:
        return _check("workload-file-locks", found, "path")
    values = {"what": _named(found, "path")}
    return Check("workload-file-locks", CheckOutcome.PASSED, values, {"file_locks": True})


def _ghosts(looked: Looked) -> Check | None:
    """Files without any name: their content goes into the image."""
    found = [
        one
        for one in looked.source["nameless"]
        if one["links"] == 0 and one["bytes"] > GHOST_LIMIT_BYTES
    ]
    largest = max((one["bytes"] for one in found), default=0)
    if not found or looked.by_docker or largest > MOST_GHOST_BYTES:
        return _check("workload-ghost-file", found, "path")
    values = {"what": _named(found, "path")}
    adapts = {"ghost_limit": largest}
    return Check("workload-ghost-file", CheckOutcome.PASSED, values, adapts)


def _links(looked: Looked) -> Check | None:
    """Files whose name is gone and that have others: only the same file system has those."""
    found = [one for one in looked.source["nameless"] if one["links"] > 0]
    if not found or looked.by_docker or looked.target is not None:
        return _check("workload-link-remap", found, "path")
    values = {"what": _named(found, "path")}
    return Check("workload-link-remap", CheckOutcome.PASSED, values, {"link_remap": True})


def _mounts(looked: Looked) -> Check | None:
    if looked.target is None or not looked.container:
        return None
    there = looked.target["mounts_there"]
    binds = [one for one in looked.source["mounts"] if one["source"].startswith("/")]
    return _check("workload-mount", [one for one in binds if not there[one["source"]]], "source")


def _pids(looked: Looked) -> Check | None:
    if looked.target is None or looked.container:
        return None  # a container has a numbering of its own
    return _check("target-pid-taken", [{"pid": pid} for pid in looked.target["pids_taken"]], "pid")


def _files(looked: Looked) -> Check | None:
    """Programs and libraries, by size, mode and build id."""
    if looked.target is None or looked.container:
        return None  # a container brings its files along
    there = looked.target["files"]
    differ = [
        {"path": path}
        for path, seen in looked.source["mapped"].items()
        if seen is not None and there.get(path) is not None and not _same(seen, there[path])
    ]
    return _check("file-differs", differ, "path")


def _same(one: Seen, two: Seen) -> bool:
    ids = one["build_id"], two["build_id"]
    return (
        bool(one["size"] == two["size"])
        and bool(one["mode"] == two["mode"])
        and (None in ids or ids[0] == ids[1])
    )


def _addresses(looked: Looked) -> Check | None:
    if looked.target is None or looked.container:
        return None
    lacking = [one for one in looked.source["bound"] if one not in looked.target["addresses"]]
    return _check("address-missing", [{"address": one} for one in lacking], "address")


def _cpu(looked: Looked) -> Check | None:
    if looked.target is None:
        return None
    lacking = set(looked.source["cpu_flags"]) - set(looked.target["cpu_flags"])
    found = [{"flag": flag} for flag in sorted(lacking & SAVED_STATE or lacking)]
    return _check("cpu-differs", found, "flag", warn=not lacking & SAVED_STATE)


def _profile(looked: Looked) -> Check | None:
    """A profile of AppArmor has to be loaded on the target as well."""
    if looked.target is None:
        return None
    name = str(looked.source["profile"]).partition(" (")[0]
    loaded = looked.target["profiles"]
    missing = name != UNCONFINED and name not in (loaded or ())
    return _check("workload-profile", [{"profile": name}] if missing else [], "profile")


CHECKS: tuple[Callable[[Looked], Check | None], ...] = (
    _terminal,
    _traced,
    _io_uring,
    _unsupported,
    _outside,
    _connections,
    _multipath,
    _addresses,
    _locks,
    _ghosts,
    _links,
    _mounts,
    _profile,
    _cpu,
    _pids,
    _files,
)


def check_workload(looked: Looked) -> list[Check]:
    """One check for each question that this plan asks, in the order of CHECKS."""
    if not looked.source.get("running"):
        return []  # who asks for its state refuses it
    found = (check(looked) for check in CHECKS)
    return [_skipped(check, looked.plan.skip_checks) for check in found if check is not None]


def _skipped(check: Check, names: Iterable[str]) -> Check:
    if check.outcome is CheckOutcome.FAIL and check.code in names:
        return Check(check.code, CheckOutcome.SKIPPED, check.values)
    return check


def adapted(checks: Iterable[Check]) -> dict[str, Any]:
    """All that the run does by itself because of them: options of CRIU's dump."""
    return {name: value for check in checks for name, value in check.adapts.items()}


def refuse_failed(checks: Iterable[Check]) -> None:
    """Raise NotPossible for the first that failed."""
    for check in checks:
        if check.outcome is CheckOutcome.FAIL:
            what = check.values.get("what", "")
            raise NotPossible(f"{MESSAGES[check.code]}: {what}", code=check.code)


# English, for logs and the command line.
MESSAGES = {
    "container-terminal": "the container has a terminal, which CRIU cannot restore",
    "process-terminal": "it has a terminal open, which CRIU cannot restore",
    "workload-traced": "a debugger is attached to it",
    "workload-io-uring": "it uses io_uring, which CRIU cannot take along",
    "workload-device": "it has something open that CRIU cannot take along",
    "workload-outside-socket": "it is connected to a process outside by a unix socket",
    "workload-tcp": "it has open TCP connections",
    "workload-mptcp": "it uses multipath TCP",
    "address-missing": "the target does not have an address that it is bound to",
    "workload-file-locks": "it holds locks on files, and Docker cannot be told to take them along",
    "workload-ghost-file": "it has a large file open that has no name any more",
    "workload-link-remap": "it has a file open whose name is gone, but that has others",
    "workload-mount": "the target lacks what is mounted into the container",
    "workload-profile": "its profile of the security module is not loaded on the target",
    "cpu-differs": "the target's processor lacks what it may use",
    "target-pid-taken": "its pid is taken on the target",
    "file-differs": "a file is not the same on the target",
}
