"""The steps of preparing a host, and why one can't be run yet."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Phrase, Sign, Word

PREPARING: dict[str, Phrase] = {
    "update": Phrase(
        _("Read the package lists"),
        _("So that apt knows what it could install. Nothing is installed yet."),
    ),
    "docker": Phrase(
        _("Install Docker"), _("For containers. Processes can be migrated without it.")
    ),
    "criu": Phrase(_("Install CRIU"), _("It takes checkpoints and restores from them.")),
    "experimental": Phrase(
        _("Switch on Docker's experimental mode"),
        _(
            "For the cold strategy, which calls “docker checkpoint”. Docker is restarted: containers that run there end, unless live-restore is on. What else stands in daemon.json is kept, and the file as it was is kept beside it."
        ),
    ),
    "runtime": Phrase(
        _("Install our runtime"),
        _(
            "A small OCI runtime that Docker on a target calls for all strategies but cold. Running containers are not touched."
        ),
    ),
    "kernel": Phrase(
        _("Set what the kernel has to allow"),
        _("CRIU moves memory through pipes; without this setting they may be capped."),
    ),
    "criu-check": Phrase(
        _("Run “criu check”"), _("CRIU asks the kernel for all that it needs. Nothing is changed.")
    ),
    "self-test": Phrase(
        _("Self-test"),
        _(
            "A counter is dumped and restored on this host alone, and has to count on. Nothing stays."
        ),
    ),
}
OBSTACLES: dict[str, Phrase] = {
    "no-apt": Phrase(
        _("This system has no apt."),
        _(
            "Install Docker and CRIU 4.2 or newer by its own package manager, for instance: dnf install criu docker, zypper install criu docker, pacman -S criu docker; then press “Look now”."
        ),
    ),
    "lists-first": Phrase(
        _("apt does not know such a package yet."),
        _("Read the package lists first; the plan is then made anew."),
    ),
    "docker-first": Phrase(
        _("There is no Docker here yet."), _("Install it first; the plan is then made anew.")
    ),
    "criu-first": Phrase(
        _("There is no CRIU here yet."), _("Install it first; the plan is then made anew.")
    ),
    "criu-archive-needed": Phrase(
        _("The distribution's CRIU is too old for this kernel."),
        _(
            "Kernels from 6.13 on need CRIU 4.2. The administrator names an archive that has it in MIGRATION_LAB_CRIU_ARCHIVE."
        ),
    ),
}
STEP_SIGNS: dict[str, Sign] = {
    "waiting": Sign(_("waiting"), "hourglass-split", "idle"),
    "running": Sign(_("running"), "arrow-repeat", "run"),
    "done": Sign(_("done"), "check-circle-fill", "ok"),
    "failed": Sign(_("failed"), "x-octagon-fill", "bad"),
    "held": Sign(_("held back"), "pause-circle-fill", "warn"),
}
PREPARING_FAILURES: dict[str, Word] = {
    "preparing-failed": Word(
        _("A command of this step failed"),
        _("Its last lines stand below; nothing after it was run."),
        _("Mend what they say on the host, then run the step again."),
    ),
    "apt-locked": Word(
        _("Another process is using apt"),
        _("Often it is the system's own nightly update, or somebody else who installs something."),
        _(
            "Wait some minutes and run the step again; on the host “ps -C apt,apt-get,dpkg,unattended-upgr” shows who it is."
        ),
    ),
    "dpkg-interrupted": Word(
        _("An earlier installation was interrupted"),
        _("dpkg does nothing new before that is brought to its end."),
        _("Run on the host, as root: dpkg --configure -a. Then run the step again."),
    ),
    "package-unknown": Word(
        _("apt does not know the package"),
        _("It is not in the archives that this system uses."),
        _(
            "Read the package lists again. On Ubuntu “universe” has to be switched on; for CRIU the administrator can name an archive."
        ),
    ),
    "archive-unreachable": Word(
        _("An archive of packages can't be reached"),
        _("The host has no way to it, or it is down."),
        _("See on the host whether “apt-get update” works, and whether it needs a proxy."),
    ),
    "archive-not-trusted": Word(
        _("apt does not trust the archive"),
        _("The key that it is signed with is not on the host."),
        _(
            "Put the archive's key into /etc/apt/keyrings on the host and name it in the line (signed-by=), then run the step again."
        ),
    ),
    "plan-changed": Word(
        _("The plan is another by now"),
        _(
            "The host has changed since the commands were shown, so nothing was run that nobody had seen."
        ),
        _("Look at the plan again and say yes to that."),
    ),
    "nothing-to-undo": Word(
        _("There is nothing to take back"),
        _("What this step writes is not on the host, or was there before it."),
        _("Look at the file on the host; what is in it by now is not ours."),
    ),
    "runtime-in-use": Word(
        _("Containers use our runtime"),
        _("Docker could not start them again without it, so it stays."),
        _("Remove these containers first; the line below names them."),
    ),
    "self-test-failed": Word(
        _("The self-test failed"),
        _(
            "A counter could not be dumped and restored on this very host, so no migration will work here."
        ),
        _("CRIU's own lines below say why; most often its version does not fit the kernel."),
    ),
    "nothing-to-prepare": Word(
        _("There is no such step that can be run now"),
        _("What was asked for is not in the plan, or something has to come first."),
        _("Look at the plan and choose among its steps."),
    ),
    "being-prepared": Word(
        _("The host is being prepared already"),
        _("Steps wait or run there."),
        _("Wait for their end; the page shows how they go."),
    ),
}
