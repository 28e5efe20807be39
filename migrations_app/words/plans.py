"""Phases, operations, strategies and kinds in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import Operation, Strategy, WorkloadKind
from migrations_app.engine.report import PhaseName, Side

from .base import Phrase

PHASES: dict[str, Phrase] = {
    PhaseName.PREPARE: Phrase(
        _("Prepare"),
        _(
            "Facts of both hosts are read, what can't work is refused, and what can be sent ahead is sent. The workload runs on."
        ),
    ),
    PhaseName.FILES: Phrase(
        _("Files ahead"),
        _(
            "The files that the container has changed, and its volumes, are copied to the target. The workload runs on."
        ),
    ),
    PhaseName.FILES_AGAIN: Phrase(
        _("Files again"),
        _(
            "What has changed of the files since they were copied follows, while the workload stands still."
        ),
    ),
    PhaseName.PRE_COPY: Phrase(
        _("Pre-copy"),
        _(
            "One round: memory goes ahead to the target. The workload runs, but for a moment in which it is frozen to see what changed."
        ),
    ),
    PhaseName.ARM: Phrase(
        _("Arm"),
        _(
            "The target is brought to where only the image is missing: the container is there and its start waits. The workload runs on."
        ),
    ),
    PhaseName.FREEZE: Phrase(
        _("Freeze"),
        _(
            "CRIU is called and stops all tasks of the workload. When they stand still, the stop time begins."
        ),
    ),
    PhaseName.DUMP: Phrase(
        _("Dump"),
        _(
            "CRIU writes the workload's state into image files: memory, registers, open files, sockets."
        ),
    ),
    PhaseName.CREATE: Phrase(
        _("Create"), _("The target makes the container that the workload will go on in.")
    ),
    PhaseName.TRANSFER: Phrase(
        _("Transfer"), _("The image travels straight from the source host to the target host.")
    ),
    PhaseName.HAND_OVER: Phrase(
        _("Hand over"),
        _(
            "The image is complete; the source tells the target to go on, and may not run the workload any more until the target has answered."
        ),
    ),
    PhaseName.RESTORE: Phrase(
        _("Restore"),
        _("CRIU rebuilds the tasks from the image and lets them run. The stop time ends."),
    ),
    PhaseName.RESUME: Phrase(
        _("Resume"),
        _("The tasks run already; the command that restored them comes to its end."),
    ),
    PhaseName.PAGES: Phrase(
        _("Pages follow"),
        _(
            "The workload runs on the target; pages that it asks for come at once, the others in the background. The frozen original is kept until the last one has arrived."
        ),
    ),
    PhaseName.ROLLBACK: Phrase(
        _("Roll back"), _("Something failed: the workload continues on the source, as before.")
    ),
    PhaseName.VERIFY: Phrase(
        _("Verify"),
        _("The workload's own output is read: did it go on from exactly where it was?"),
    ),
    PhaseName.CLEAN_UP: Phrase(
        _("Clean up"),
        _("Images and everything else that was temporary is removed from both hosts."),
    ),
}
OPERATIONS: dict[str, Phrase] = {
    Operation.RESTORE_IN_PLACE: Phrase(
        _("Restore in place"),
        _(
            "Take a checkpoint, then go on from it on the same host. The first step of the exercise."
        ),
    ),
    Operation.LOCAL_CLONE: Phrase(
        _("Local clone"),
        _("A second container on the same host goes on from the checkpoint. The second step."),
    ),
    Operation.MIGRATE: Phrase(
        _("Migrate"),
        _("The workload continues on another host: a live migration. The third step."),
    ),
}
STRATEGIES: dict[str, Phrase] = {
    Strategy.COLD: Phrase(
        _("Cold"),
        _(
            "As by hand: checkpoint to disk, copy the image, restore. The workload stands still all the while, so the stop time grows with its memory."
        ),
    ),
    Strategy.STOP_AND_COPY: Phrase(
        _("Stop-and-copy"),
        _(
            "The workload is frozen, and its memory goes from memory to memory while the dump runs, never over a disk. The stop time still grows with the memory, but slowly."
        ),
    ),
    Strategy.PRE_COPY: Phrase(
        _("Pre-copy"),
        _(
            "Memory goes ahead in rounds while the workload runs; it is frozen only for what changed last. It gains most where the network is slow and little memory changes."
        ),
    ),
    Strategy.POST_COPY: Phrase(
        _("Post-copy"),
        _(
            "The workload moves at once with next to nothing, and its pages follow while it runs. The stop time hardly depends on the memory; until the last page has arrived it needs both hosts."
        ),
    ),
    Strategy.HYBRID: Phrase(
        _("Hybrid"),
        _(
            "Pre-copy first, so that most of the memory is there; then it moves at once, and only what changed last follows as in post-copy."
        ),
    ),
}
KINDS: dict[str, Phrase] = {
    WorkloadKind.PROCESS: Phrase(
        _("Process"), _("A plain process of the host, checkpointed by CRIU itself.")
    ),
    WorkloadKind.CONTAINER: Phrase(
        _("Container"), _("A Docker container, with everything that runs in it.")
    ),
}
SIDES: dict[str, Phrase] = {
    Side.SOURCE: Phrase(_("source"), _("The host that the workload comes from.")),
    Side.TARGET: Phrase(_("target"), _("The host that the workload goes to.")),
}
