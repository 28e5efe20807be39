"""Every figure of a run once: its unit, its direction, what it is called and how it is defined."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .quantities import Unit

Text = str | Promise


class Better(StrEnum):
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True)
class Metric:
    """One row of the report's `metrics`; why_unknown is said where a run has no value."""

    name: str
    unit: Unit
    title: Text
    definition: Text
    why_unknown: Text
    better: Better = Better.LOWER


_NOT_REACHED = _("The run did not get that far, or the step was not needed.")
_NOT_READ = _("CRIU's statistics were not found for this run.")
_NO_PAGES = _("No pages follow with this strategy, or the run did not get that far.")
_NOT_SEEN = _("Too little of the workload's output was seen to tell.")

_ROWS = (
    Metric(
        "stop_time_ms",
        Unit.MS,
        _("Stop time"),
        _(
            "How long the workload stood still: from the source's tasks being frozen until the target's tasks run."
        ),
        _NOT_REACHED,
    ),
    Metric(
        "transfer_time_ms",
        Unit.MS,
        _("Transfer time"),
        _(
            "From the first byte of an image leaving the source until the last one needed has arrived on the target."
        ),
        _("Nothing crossed the network, or the run did not get that far."),
    ),
    Metric(
        "total_time_ms",
        Unit.MS,
        _("Total time"),
        _(
            "From the first step until the end of cleaning up. Waiting in the queue is not part of it."
        ),
        _NOT_REACHED,
    ),
    Metric(
        "create_time_ms",
        Unit.MS,
        _("Create time"),
        _("From asking the target for the container until it was created."),
        _("Only containers are created on the target."),
    ),
    Metric(
        "dump_time_ms",
        Unit.MS,
        _("Dump time"),
        _("From calling CRIU for the dump until it returned."),
        _NOT_REACHED,
    ),
    Metric(
        "restore_time_ms",
        Unit.MS,
        _("Restore time"),
        _("From calling CRIU for the restore until it returned."),
        _NOT_REACHED,
    ),
    Metric(
        "observed_gap_ms",
        Unit.MS,
        _("Observed gap"),
        _(
            "From the workload's last line on the source until its first on the target, read from its own output."
        ),
        _NOT_SEEN,
    ),
    Metric(
        "client_gap_ms",
        Unit.MS,
        _("Client gap"),
        _("The longest time without a reply, seen by a client outside."),
        _("This workload serves no network, so no client was watching."),
    ),
    Metric(
        "criu_frozen_time_ms",
        Unit.MS,
        _("CRIU: frozen"),
        _(
            "How long CRIU itself says it kept the tasks frozen. Not the stop time: it knows nothing of the way to the target."
        ),
        _NOT_READ,
    ),
    Metric(
        "criu_memdump_time_ms",
        Unit.MS,
        _("CRIU: memory dump"),
        _("CRIU's own time for collecting the memory pages."),
        _NOT_READ,
    ),
    Metric(
        "criu_memwrite_time_ms",
        Unit.MS,
        _("CRIU: memory write"),
        _("CRIU's own time for writing the memory pages."),
        _NOT_READ,
    ),
    Metric(
        "criu_restore_time_ms",
        Unit.MS,
        _("CRIU: restore"),
        _("CRIU's own time for the restore."),
        _NOT_READ,
    ),
    Metric(
        "pages_written",
        Unit.COUNT,
        _("Pages written"),
        _("Memory pages that CRIU wrote into the image."),
        _NOT_READ,
        Better.NEITHER,
    ),
    Metric(
        "image_bytes",
        Unit.BYTES,
        _("Image size"),
        _("Size of the checkpoint image on disk."),
        _NOT_REACHED,
    ),
    Metric(
        "bytes_sent",
        Unit.BYTES,
        _("Bytes sent"),
        _("Everything that went from host to host for this run."),
        _("Nothing crossed the network, or the run did not get that far."),
    ),
    Metric(
        "hand_over_time_ms",
        Unit.MS,
        _("Hand-over time"),
        _("From the image being complete on the source until the target was told to restore."),
        _("Cold has no hand-over, or the run did not get that far."),
    ),
    Metric(
        "pages_time_ms",
        Unit.MS,
        _("Pages time"),
        _(
            "From the target's tasks running until the last page has arrived. Not part of the stop time."
        ),
        _NO_PAGES,
    ),
    Metric(
        "pages_bytes",
        Unit.BYTES,
        _("Pages bytes"),
        _("What was sent while the workload already ran on the target."),
        _NO_PAGES,
    ),
    Metric(
        "pages_lazy",
        Unit.COUNT,
        _("Pages left behind"),
        _("Memory pages that were still on the source when the workload moved."),
        _NO_PAGES,
        Better.NEITHER,
    ),
    Metric(
        "files_time_ms",
        Unit.MS,
        _("Files ahead"),
        _(
            "Changed files and volumes were sent while the workload ran, from the first to the last."
        ),
        _(
            "Nothing was sent ahead: a process, an operation on one host, or a run that failed before."
        ),
    ),
    Metric(
        "files_bytes",
        Unit.BYTES,
        _("Files ahead, sent"),
        _("Bytes of changed files and volumes that were sent while the workload ran."),
        _(
            "Nothing was sent ahead: a process, an operation on one host, or a run that failed before."
        ),
        Better.NEITHER,
    ),
    Metric(
        "files_stop_time_ms",
        Unit.MS,
        _("Files again"),
        _("What had changed of the files was sent again while the workload stood still."),
        _(
            "Nothing was sent again: a process, an operation on one host, or a run that failed before."
        ),
    ),
    Metric(
        "files_stop_bytes",
        Unit.BYTES,
        _("Files again, sent"),
        _("Bytes of files that were sent while the workload stood still."),
        _(
            "Nothing was sent again: a process, an operation on one host, or a run that failed before."
        ),
    ),
    Metric(
        "files_checked",
        Unit.COUNT,
        _("Files checked"),
        _("Files whose checksum on the target was found to be the same as on the source."),
        _("No files came along, or the run did not get that far."),
        Better.NEITHER,
    ),
    Metric(
        "rounds_frozen_ms",
        Unit.MS,
        _("Frozen in rounds"),
        _("All that the workload stood still in pre-copy rounds. Not part of the stop time."),
        _("There were no pre-copy rounds."),
    ),
)
METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
BIG = ("stop_time_ms", "transfer_time_ms", "total_time_ms")
