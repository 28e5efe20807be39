"""The workloads that come with the program: parameters in ranges, how they start, their proof.

A process and a container of one type run the same command; a container runs it from `image`.
The programs are on every lab host: busybox, and our own static ones (lab/programs), of which
`troubled` holds on purpose what a checkpoint stumbles over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import NotPossible
from .plan import ProofKind, WorkloadKind

TROUBLED_PROGRAM = "/usr/local/bin/migration-lab-troubled"
MEMORY_PROGRAM = "/usr/local/bin/migration-lab-memory"
CPU_PROGRAM = "/usr/local/bin/migration-lab-cpu"
FILES_PROGRAM = "/usr/local/bin/migration-lab-files"
TCP_STREAM_PROGRAM = "/usr/local/bin/migration-lab-tcp-stream"
TCP_STREAM_PORT = 7000
HTTP_PROGRAM = "/usr/local/bin/migration-lab-http"
HTTP_PORT = 8080
REDIS_PROGRAM = "/usr/bin/redis-server"
REDIS_PORT = 6379
LAB_NETWORK = "migration-lab"  # a macvlan that every lab host has (lab/macvlan.py)
TREE_PROGRAM = "/usr/local/bin/migration-lab-tree"
FILES_VOLUME = "/data"
COUNTER_SCRIPT = 'i=0; while true; do echo "$i"; i=$((i+1)); sleep "$1"; done'


@dataclass(frozen=True)
class Parameter:
    """An integer in a closed range; `unit` as in a metric's name."""

    name: str
    unit: str
    default: int
    minimum: int
    maximum: int

    def checked(self, value: object) -> int:
        """The value as an int in range. Raises NotPossible with code `bad-parameter`."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise NotPossible(f"{self.name} must be a whole number", code="bad-parameter")
        if not self.minimum <= value <= self.maximum:
            raise NotPossible(
                f"{self.name} must be from {self.minimum} to {self.maximum} {self.unit}",
                code="bad-parameter",
            )
        return value


@dataclass(frozen=True)
class WorkloadType:
    name: str
    image: str
    proof: ProofKind
    parameters: tuple[Parameter, ...]
    kinds: tuple[WorkloadKind, ...] = tuple(WorkloadKind)  # as which it can be started
    volume: str | None = None  # where a container of it has a volume of its own
    network: str | None = None  # on which a container of it has an address of its own
    port: int | None = None  # where it serves, for a client outside
    fill: str | None = None  # the verb that gives it its data when it was started
    shows: str | None = None  # the cause (causes) that it fails with, on purpose

    def checked(self, values: Mapping[str, object]) -> dict[str, int]:
        """Every parameter with its value or default. Raises NotPossible for one unknown."""
        unknown = set(values) - {p.name for p in self.parameters}
        if unknown:
            raise NotPossible(f"unknown parameter: {min(unknown)}", code="bad-parameter")
        return {p.name: p.checked(values.get(p.name, p.default)) for p in self.parameters}

    def argv(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """The command, as a list; values are checked first."""
        return _ARGV[self.name](self.checked(values))


def _counter_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (
        "/bin/busybox",
        "sh",
        "-c",
        COUNTER_SCRIPT,
        "counter",
        f"{values['interval_ms'] / 1000:g}",
    )


def _memory_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (
        MEMORY_PROGRAM,
        "--mebibytes",
        str(values["memory_mib"]),
        "--dirty-pages-per-second",
        str(values["dirty_pages_per_s"]),
        "--interval-ms",
        str(values["interval_ms"]),
    )


def _tcp_stream_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    pages = _memory_argv(values)[1:]
    return (TCP_STREAM_PROGRAM, "--port", str(TCP_STREAM_PORT), *pages)


def _http_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (HTTP_PROGRAM, "--port", str(HTTP_PORT), *_memory_argv(values)[1:])


def _redis_argv(_: Mapping[str, int]) -> tuple[str, ...]:
    """All in memory: a snapshot would fork, and a log would be files that have to go along."""
    # Without --bind it listens on every address of the container's own network.
    place = ("--port", str(REDIS_PORT), "--protected-mode", "no")
    return (REDIS_PROGRAM, *place, "--save", "", "--appendonly", "no")


def _interval(values: Mapping[str, int]) -> tuple[str, str]:
    return "--interval-ms", str(values["interval_ms"])


def _cpu_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (CPU_PROGRAM, "--thousands", str(values["thousand_steps"]), *_interval(values))


def _files_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    """Into its writable layer and into its volume."""
    size = str(values["record_bytes"])
    return (FILES_PROGRAM, "--bytes", size, *_interval(values), "/layer", f"{FILES_VOLUME}/files")


def _tree_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    counts = ("--processes", str(values["processes"]), "--threads", str(values["threads"]))
    return (TREE_PROGRAM, *counts, *_interval(values))


def _troubled_argv(trouble: str) -> Callable[[Mapping[str, int]], tuple[str, ...]]:
    def argv(values: Mapping[str, int]) -> tuple[str, ...]:
        return (TROUBLED_PROGRAM, trouble, str(values["interval_ms"]))

    return argv


# What a workload can hold on purpose, each with the cause (causes) that it shows.
TROUBLES = {
    "terminal": "terminal",
    "file-lock": "file-locks",
    "ghost-file": "ghost-file",
    "hard-link": "link-remap",
    "outside-socket": "outside-socket",
    "tcp-connection": "tcp-connection",
    "mptcp": "mptcp",
    "io-uring": "io-uring",
    "userfaultfd": "unsupported-file",
    "debugger": "unsupported-file",
    "own-address": "address-missing",
    "vfork": "criu-timeout",
}
_ARGV: dict[str, Callable[[Mapping[str, int]], tuple[str, ...]]] = {
    **{f"trouble-{name}": _troubled_argv(name) for name in TROUBLES},
    "counter": _counter_argv,
    "cpu": _cpu_argv,
    "files": _files_argv,
    "tree": _tree_argv,
    "memory": _memory_argv,
    "tcp-stream": _tcp_stream_argv,
    "redis": _redis_argv,
    "http": _http_argv,
}

COUNTER = WorkloadType(
    name="counter",
    image="busybox:latest",
    proof=ProofKind.SEQUENCE,
    parameters=(Parameter("interval_ms", "ms", default=1000, minimum=10, maximum=60_000),),
)
MEMORY = WorkloadType(
    name="memory",
    image="migration-lab/memory:1",
    proof=ProofKind.MEMORY,
    parameters=(
        Parameter("memory_mib", "MiB", default=64, minimum=1, maximum=4096),
        Parameter("dirty_pages_per_s", "pages/s", default=0, minimum=0, maximum=100_000),
        Parameter("interval_ms", "ms", default=1, minimum=1, maximum=1000),
    ),
)
_EVERY = Parameter("interval_ms", "ms", default=10, minimum=1, maximum=60_000)
FILES = WorkloadType(
    name="files",
    image="migration-lab/files:1",
    proof=ProofKind.SELF_TEST,
    parameters=(
        Parameter("record_bytes", "bytes", default=1024, minimum=1, maximum=65_536),
        _EVERY,
    ),
    kinds=(WorkloadKind.CONTAINER,),
    volume=FILES_VOLUME,
)
TREE = WorkloadType(
    name="tree",
    image="migration-lab/tree:1",
    proof=ProofKind.SELF_TEST,
    parameters=(
        Parameter("processes", "processes", default=3, minimum=1, maximum=32),
        Parameter("threads", "threads", default=2, minimum=1, maximum=16),
        _EVERY,
    ),
)
CPU = WorkloadType(
    name="cpu",
    image="migration-lab/cpu:1",
    proof=ProofKind.SELF_TEST,
    parameters=(
        Parameter("thousand_steps", "thousand steps", default=1000, minimum=1, maximum=100_000),
        _EVERY,
    ),
)


def _host_number(default: int) -> Parameter:
    """The number of its address in the network's subnet: the same on whichever host it is."""
    return Parameter("host_number", "", default=default, minimum=128, maximum=254)


TCP_STREAM = WorkloadType(
    name="tcp-stream",
    image="migration-lab/tcp-stream:1",
    proof=ProofKind.SELF_TEST,
    parameters=(*MEMORY.parameters, _host_number(200)),
    kinds=(WorkloadKind.CONTAINER,),
    network=LAB_NETWORK,
    port=TCP_STREAM_PORT,
)
REDIS = WorkloadType(
    name="redis",
    image="migration-lab/redis:1",
    proof=ProofKind.CLIENT,
    parameters=(
        Parameter("keys", "keys", default=100_000, minimum=1000, maximum=500_000),
        Parameter("value_bytes", "bytes", default=100, minimum=64, maximum=1024),
        _host_number(201),
    ),
    kinds=(WorkloadKind.CONTAINER,),
    network=LAB_NETWORK,
    port=REDIS_PORT,
    fill="redis_fill",
)
HTTP = WorkloadType(
    name="http",
    image="migration-lab/http:1",
    proof=ProofKind.SELF_TEST,
    parameters=(*MEMORY.parameters, _host_number(202)),
    kinds=(WorkloadKind.CONTAINER,),
    network=LAB_NETWORK,
    port=HTTP_PORT,
)
TROUBLED = tuple(
    WorkloadType(
        name=f"trouble-{name}",
        image="migration-lab/troubled:1",
        proof=ProofKind.SEQUENCE,
        parameters=(Parameter("interval_ms", "ms", default=1000, minimum=10, maximum=60_000),),
        shows=cause,
    )
    for name, cause in TROUBLES.items()
)
CATALOGUE: dict[str, WorkloadType] = {
    t.name: t for t in (COUNTER, MEMORY, FILES, TREE, CPU, TCP_STREAM, HTTP, REDIS, *TROUBLED)
}
