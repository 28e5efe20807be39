"""Why a run, or a workload, came to a bad end."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

FAILURES: dict[str, Word] = {
    "engine-error": Word(
        _("The migration failed"),
        _("A step ended with an error."),
        _("The message and the logs below say more."),
    ),
    "not-possible": Word(
        _("This can't be done here"),
        _("It was refused before anything was touched."),
        _("The message says what stands in the way."),
    ),
    "step-failed": Word(
        _("A step failed"),
        _("A step on a host ended with an error; the workload was put back to where it was."),
        _("Look at the first error in the log below."),
    ),
    "step-timed-out": Word(
        _("A step took too long"),
        _("It did not end within its limit and was stopped."),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "timed-out": Word(
        _("A step took too long"),
        _("It did not end within its limit and was stopped."),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "command-failed": Word(
        _("A command failed on the host"),
        _("It ended with an error of its own."),
        _("The commands and logs below show which one, and what it said."),
    ),
    "link-not-found": Word(
        _("No link leads to the other host"),
        _("The host's routes name no interface on the way to it, so there is no link to shape."),
        _("Look at the addresses of both hosts, or launch the job with the link as it is."),
    ),
    "link-taken": Word(
        _("Somebody else shapes that link already"),
        _(
            "The interface on the way to the other host has a queue that is not the kernel's own. It was left alone; nothing was touched."
        ),
        _(
            "Take it away on that host if it is not needed (tc qdisc delete dev … root), or launch the job with the link as it is."
        ),
    ),
    "link-not-possible": Word(
        _("The link could not be shaped"),
        _("tc refused it on a host. The link is as it was, and the workload runs on the source."),
        _("The message says what tc said. Choose another setting of the link, or none."),
    ),
    "disk-full": Word(
        _("The disk of the host is full"),
        _("The image did not fit. The workload goes on where it was."),
        _("Free some space on the host, then run the job again."),
    ),
    "target-disk-full": Word(
        _("The target's disk is full"),
        _("The image did not fit there. The workload continues on the source."),
        _("Free some space on the target host, then run the job again."),
    ),
    "transfer-failed": Word(
        _("The image did not arrive"),
        _("The transfer between the hosts broke off. The workload continues on the source."),
        _("See whether the hosts reach each other, then run the job again."),
    ),
    "workload-moved": Word(
        _("The workload was somewhere else when the job's turn came"),
        _("It no longer ran on the source: another job moved it, or it ended."),
        _("Launch a new job; the page shows where the workload is now."),
    ),
    "workload-ended": Word(
        _("The workload ended by itself"),
        _("Its program came to an end, or was killed on the host."),
        _("Start a new one."),
    ),
    "workload-absent": Word(
        _("The host does not know the workload"),
        _("It was removed there by hand, or the host was set up anew."),
        _("Remove it here and start a new one."),
    ),
    "worker-lost": Word(
        _("The worker vanished during the run"),
        _(
            "The process that carried the job out ended. The hosts were asked what is true, and the job ended with that."
        ),
        _("Run it again. If it happens again, look at the worker's log."),
    ),
    "hosts-silent": Word(
        _("It is not known where the workload runs"),
        _(
            "The worker vanished and the hosts can't be asked. The source stays frozen until they can, so that the workload never runs twice."
        ),
        _("Bring the hosts back; the site asks them again and again and settles it by itself."),
    ),
    "settled-by-hand": Word(
        _("Somebody let the workload go on on the source"),
        _(
            "The target could not say whether it runs the workload, and a person said that it does not."
        ),
        _(
            "If the target comes back, the site removes what it has of this job. What the workload did on the target until then is lost."
        ),
    ),
    "given-up": Word(
        _("Somebody gave the workload up"),
        _("The hosts could not say where it runs, and a person did not want to wait any longer."),
        _("Start it anew. What is left of it goes from each host when that answers."),
    ),
    "internal-error": Word(
        _("A fault of Migration Lab"),
        _("Something happened that the program did not expect."),
        _("The worker's log has the details; quote the job's number when you report it."),
    ),
    "cancelled": Word(
        _("The job was cancelled"),
        _("Somebody pressed “Cancel” before the workload was handed over."),
        _("The workload runs where it was. Run the job again when you like."),
    ),
    "engine-fault": Word(
        _("A fault of Migration Lab"),
        _(
            "The part that carries migrations out met something it did not expect. The workload was left or put back where it can go on."
        ),
        _("Quote the message and the job's number when you report it."),
    ),
    "dump-failed": Word(
        _("CRIU could not write the checkpoint"),
        _(
            "The workload holds something that CRIU can't take along, or the host lacks something CRIU needs. The workload continues on the source."
        ),
        _("The first error in CRIU's log names it; it stands below."),
    ),
    "restore-failed": Word(
        _("CRIU could not restore the workload"),
        _(
            "The target differs from the source in something that the checkpoint relies on, for instance a file. The workload was put back."
        ),
        _("The first error in CRIU's log names it; it stands below."),
    ),
    "criu-failed": Word(
        _("CRIU failed"),
        _(
            "It ended with an error of its own. The workload was left or put back where it can go on."
        ),
        _("The first error in CRIU's log names it; it stands below."),
    ),
    "criu-timed-out": Word(
        _("CRIU took too long"),
        _("It did not end within its limit and was stopped. The workload was put back."),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "freeze-timed-out": Word(
        _("The container did not stand still"),
        _("The kernel did not freeze all of its tasks within the limit, so it was let go on."),
        _("Try again; a task that waits for a device can hold the freezer up."),
    ),
    "freezer-missing": Word(
        _("The container's freezer was not found"),
        _("Its control group is not where it should be, so it can't be frozen as a whole."),
        _("Check the host's control groups, or choose the cold strategy."),
    ),
    "image-damaged": Word(
        _("The image is damaged"),
        _("A part of it does not hold what it should. The workload continues on the source."),
        _("Run the job again; quote the message when it happens twice."),
    ),
    "memory-folder-taken": Word(
        _("The folder for images in memory is somebody else's"),
        _(
            "Images hold a workload's memory, so they are only put into a folder that belongs to root alone."
        ),
        _("Remove what the message names on the host, then run the job again."),
    ),
    "released": Word(
        _("The target was released before it was asked"),
        _(
            "The run was broken off when the target was ready; the workload continues on the source."
        ),
        _("Run the job again when you like."),
    ),
    "dump-timed-out": Word(
        _("The dump took too long"),
        _(
            "CRIU did not end within the limit and was stopped. The workload continues on the source."
        ),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "restore-timed-out": Word(
        _("The restore took too long"),
        _(
            "CRIU on the target did not end within the limit and was stopped. The workload was put back."
        ),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "arm-failed": Word(
        _("The target could not be made ready"),
        _(
            "Everything but the image has to be in place on the target before the workload is frozen. It never was frozen."
        ),
        _("The message says what the target answered. See whether Docker there knows our runtime."),
    ),
    "target-silent": Word(
        _("The target does not answer"),
        _(
            "It was asked to go on with the workload, and nothing has been heard since. The source stays frozen until the target can be asked, so that the workload never runs twice."
        ),
        _(
            "Bring the target or the network back; the site asks again and again and settles it by itself."
        ),
    ),
    "pages-lost": Word(
        _("Not all pages arrived"),
        _(
            "The target or the link failed before the last page had arrived. The workload continues on the source from the moment of the switch; what it did on the target since then is gone."
        ),
        _(
            "See why the target or the link failed. A strategy without pages that follow can't lose any."
        ),
    ),
    "tmpfs-too-small": Word(
        _("The image does not fit into the memory of a host"),
        _("Images go from memory to memory, and a host has too little of it free in /dev/shm."),
        _(
            "Free some memory there, or choose a smaller workload, post-copy, or cold, which goes over the disk."
        ),
    ),
    "container-runtime-unknown": Word(
        _("The container runs under a runtime that we don't know"),
        _("Only containers that run under runc can be dumped past Docker."),
        _("Start it with Docker's default runtime, or choose the cold strategy."),
    ),
    "docker-config-unreadable": Word(
        _("Docker's configuration can't be read"),
        _("/etc/docker/daemon.json is not a JSON object, so nothing was written into it."),
        _("Mend the file on the host, then prepare the host again."),
    ),
    "docker-runtime-refused": Word(
        _("Docker did not take our runtime"),
        _("It was told to read its configuration again, and still does not know the runtime."),
        _("Look at Docker's log on the host: journalctl -u docker"),
    ),
    "still-under-way": Word(
        _("Something is still going on on the host"),
        _("A dump or restore of this job had not come to an end within the limit."),
        _("Wait a moment and look at where the workload is before you launch another job."),
    ),
    "proof-failed": Word(
        _("The workload runs, but it did not go on from where it was"),
        _("Its own output shows a gap or a repeat, or its memory does not hold what it should."),
        _("Look at the proof below. Do not trust the figures of this run."),
    ),
    "proof-unread": Word(
        _("The workload was moved, but its proof could not be read"),
        _(
            "The target could not be asked, or its log does not reach back to the move. Whether the workload goes on from where it was is open."
        ),
        _("Look at what it writes on the target; for figures to trust, run it again."),
    ),
    "output-cut": Word(
        _("The log does not reach back to the move"),
        _("What the workload wrote right after its move is not in its log any more."),
        _("Let Docker keep more of its log, or read the proof sooner; then run it again."),
    ),
    "target-lost": Word(
        _("The workload ended on the target right after its move"),
        _(
            "Its original still stood frozen and goes on from there. What the other one did"
            " meanwhile is gone. Docker that is started again ends what it ran, for instance."
        ),
        _("Look at Docker and the memory of the target before you move it there again."),
    ),
    "kill-failed": Word(
        _("The old copy could not be ended"),
        _("Processes on the source did not end when they were told to."),
        _("Look at the source host before you launch another job there."),
    ),
    "file-differs": Word(
        _("A file is not the same on both hosts"),
        _("The workload has it open or mapped, and CRIU checks that it is the same on the target."),
        _("Install the same version on both hosts, or choose a workload of the catalogue."),
    ),
    "target-file-exists": Word(
        _("The workload's output file is on the target already"),
        _("It would be overwritten; it may belong to another workload."),
        _("Remove what is left on the target, or choose another target."),
    ),
    "target-name-taken": Word(
        _("The target has a container of this name already"),
        _("Two containers of one name can't be on one host."),
        _("Remove the other one, or choose another target."),
    ),
    "target-pid-taken": Word(
        _("The process's number is taken on the target"),
        _("A process keeps its number, and another process has it on the target."),
        _(
            "Try again later, choose another target, or use a container: that brings its own numbers."
        ),
    ),
    "container-terminal": Word(
        _("The container has a terminal"),
        _("CRIU can't take a terminal to another host."),
        _("Start the container without -t."),
    ),
    "process-terminal": Word(
        _("The process has a terminal"),
        _("CRIU can't take a terminal to another host."),
        _("Start it with setsid, its input from /dev/null and its output into a file."),
    ),
    "workload-start-failed": Word(
        _("The workload did not start"),
        _("Its program ended at once, or Docker refused to start it."),
        _("The message says what the host answered."),
    ),
}
