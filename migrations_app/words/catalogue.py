"""The workloads of the catalogue, their parameters and their proofs in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import ProofKind

from .base import Phrase, Text
from .troubles import TROUBLE_WORDS


@dataclass(frozen=True)
class TypeWords:
    """A card of the catalogue."""

    title: Text
    does: Text
    teaches: Text
    icon: str


WORKLOAD_TYPES: dict[str, TypeWords] = {
    "counter": TypeWords(
        _("Counter"),
        _(
            "A shell loop that prints 0, 1, 2, … one line per interval. It is the workload of the lab exercise."
        ),
        _(
            "A checkpoint holds more than files: the loop's variable lives in memory only, and it survives."
        ),
        "stopwatch",
    ),
    "memory": TypeWords(
        _("Memory"),
        _(
            "Holds as much memory as you ask for, filled so that it can't be compressed, changes some of it every second, and prints a numbered line every few milliseconds."
        ),
        _(
            "How stop time depends on memory size and dirty rate, and why cold migration does not scale."
        ),
        "memory",
    ),
    "files": TypeWords(
        _("Files"),
        _(
            "Appends records to files all the time, in the container's own layer and in a volume, and can check every byte of them. As a container only."
        ),
        _(
            "A checkpoint holds memory, not files: changed files and volumes must go along, and what changed last goes while everything stands still."
        ),
        "files",
    ),
    "tree": TypeWords(
        _("Process tree"),
        _(
            "Several processes with threads pass a token round through pipes and unix sockets, and count in shared memory under a common lock."
        ),
        _(
            "A workload is more than one process: what connects them is frozen and restored as a whole, or not at all."
        ),
        "diagram-3",
    ),
    "cpu": TypeWords(
        _("Computation"),
        _(
            "Computes without a pause, step by step; what must come out after each step is known by a formula."
        ),
        _(
            "Registers and program counter come along too: one wrong bit, and every later result is wrong."
        ),
        "cpu",
    ),
    "tcp-stream": TypeWords(
        _("TCP stream"),
        _(
            "Sends a number a millisecond over one TCP connection, and gets each back; beside that it holds and changes memory like the memory workload. It has an address of its own on the lab's macvlan network. As a container only."
        ),
        _(
            "A connection lives in the kernels of both its ends. It survives when address, sequence numbers and queues go along, and nobody answers for it meanwhile."
        ),
        "link-45deg",
    ),
    "http": TypeWords(
        _("Web server"),
        _(
            "A small web server whose pages are numbered and carry a checksum; beside that it holds and changes memory like the memory workload. A client on a third host asks every few milliseconds. It has an address of its own on the lab's macvlan network. As a container only."
        ),
        _(
            "Stop time is what the hosts see; how long a visitor waits before, during and after it is something else."
        ),
        "send",
    ),
    "redis": TypeWords(
        _("Redis"),
        _(
            "A real redis-server that gets its keys when it is started. A client on a third host writes numbered values and reads back, before, during and after. It has an address of its own on the lab's macvlan network. As a container only."
        ),
        _(
            "What was acknowledged to a client may not be lost, by whatever strategy the server moves; and a real server has threads, timers and an allocator of its own."
        ),
        "table",
    ),
    **{name: TypeWords(*said, "exclamation-triangle-fill") for name, said in TROUBLE_WORDS.items()},
}
PARAMETERS: dict[str, Phrase] = {
    "interval_ms": Phrase(_("Interval"), _("Time between two lines of output.")),
    "memory_mib": Phrase(_("Memory"), _("How much memory it holds.")),
    "record_bytes": Phrase(_("Record"), _("How many bytes it appends to each file per line.")),
    "processes": Phrase(_("Processes"), _("How many processes the token goes through.")),
    "threads": Phrase(_("Threads"), _("How many threads each process has besides its first.")),
    "thousand_steps": Phrase(
        _("Steps"), _("How many thousand steps of the computation it does per line.")
    ),
    "keys": Phrase(_("Keys"), _("How many keys it has from the start.")),
    "value_bytes": Phrase(_("Value"), _("How many bytes the value of each key has.")),
    "host_number": Phrase(
        _("Address number"),
        _("Which address of the lab's macvlan network it has; two workloads can't have the same."),
    ),
    "dirty_pages_per_s": Phrase(
        _("Dirty rate"), _("How many memory pages it changes every second.")
    ),
}
PROOFS: dict[str, Phrase] = {
    ProofKind.SEQUENCE: Phrase(
        _("Sequence"),
        _("The numbered lines must go on without a gap and without a repeat."),
    ),
    ProofKind.MEMORY: Phrase(
        _("Sequence and memory"),
        _(
            "The numbered lines must go on without a gap or repeat, and every memory page must hold what it should."
        ),
    ),
    ProofKind.SELF_TEST: Phrase(
        _("Sequence and self-test"),
        _(
            "The numbered lines must go on without a gap or repeat, and the workload's test of its own work must pass."
        ),
    ),
    ProofKind.CLIENT: Phrase(
        _("Client outside"),
        _(
            "Every write that was acknowledged to a client on a third host, and every key from the start, must be there with the right value. Where no client could look, it is not known."
        ),
    ),
    ProofKind.NONE: Phrase(
        _("None"), _("Nothing is known about this workload that could prove that it went on.")
    ),
}
