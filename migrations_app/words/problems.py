"""What can stand in the way on a host, or between two."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

PROBLEMS: dict[str, Word] = {
    "host-not-root": Word(
        _("We are not root on the host"),
        _("Checkpoints need root rights."),
        _("Register the host with the user root."),
    ),
    "wsl": Word(
        _("This host is WSL"),
        _(
            "The kernel of the Windows Subsystem for Linux lacks what CRIU needs; “criu check” fails there."
        ),
        _("Use a real virtual machine, for instance with VirtualBox or Hyper-V."),
    ),
    "python-too-old": Word(
        _("Python is too old on this host"),
        _("Our program on the host is written for Python 3.10 or newer."),
        _("Take a newer release of the distribution, or install a newer python3."),
        named=_("Python {version} is too old: {needed} is needed"),
    ),
    "criu-missing": Word(
        _("CRIU is not installed"),
        _("CRIU is the tool that takes checkpoints; nothing works without it."),
        _("Install CRIU 4.2 or newer. Debian has it in testing: apt install -t testing criu"),
    ),
    "criu-too-old": Word(
        _("CRIU is too old for this kernel"),
        _("Newer kernels changed what older versions of CRIU rely on; dumps fail."),
        _("Install CRIU 4.2 or newer."),
        named=_("CRIU {version} is too old for kernel {kernel}: {needed} is needed"),
    ),
    "criu-check-failed": Word(
        _("“criu check” finds something missing"),
        _("The kernel does not offer all that CRIU needs."),
        _(
            "The facts of the host show its answer; most often another kernel or a real virtual machine helps."
        ),
    ),
    "docker-missing": Word(
        _("Docker is not installed"),
        _("Containers can't be migrated to or from this host. Processes can."),
        _("Install it: apt install docker.io"),
    ),
    "docker-unavailable": Word(
        _("Docker does not answer"),
        _("It is installed, but its daemon does not run or refuses us."),
        _("Look at it on the host: systemctl status docker"),
    ),
    "docker-not-experimental": Word(
        _("Docker's experimental mode is off"),
        _("“docker checkpoint” exists in experimental mode only; the cold strategy calls it."),
        _(
            'Choose another strategy: those need no experimental mode. Or put {"experimental": true} into /etc/docker/daemon.json and restart Docker.'
        ),
    ),
    "docker-restore-broken": Word(
        _("This Docker can't start containers from checkpoints"),
        _(
            "From version 28 on its own restore fails for every container that has a network; the cold strategy relies on it."
        ),
        _(
            "Choose another strategy: those do not use Docker's restore. Or install Docker 26 or 27."
        ),
        named=_("Docker {version} can't start containers from checkpoints"),
    ),
    "docker-runtime-missing": Word(
        _("Docker does not know our runtime here"),
        _(
            "All strategies but cold restore a container through a small OCI runtime of ours, and Docker on the target has to know it."
        ),
        _("Press “Prepare this host” on the host's page, or run “manage.py host prepare NAME”."),
    ),
    "userfaultfd-missing": Word(
        _("The kernel lacks userfaultfd"),
        _(
            "Without it pages can't follow on demand, so there is no post-copy and no hybrid to here."
        ),
        _("Choose stop-and-copy or pre-copy, or a target with another kernel."),
    ),
    "compression-missing": Word(
        _("A host has no library for this compression"),
        _("Both hosts need it: one packs, the other unpacks."),
        _("Install it there (apt install liblz4-1 libzstd1), or choose another compression."),
        named=_("{host} has no library for {compression}"),
    ),
    "strategy-needs-two-hosts": Word(
        _("This strategy needs two hosts"),
        _("It hands the workload over from one host to another; on one host there is only cold."),
        _("Choose “Migrate”, or the cold strategy."),
    ),
    "cgroup-differs": Word(
        _("The hosts use different versions of cgroups"),
        _("A container frozen under one version can't be restored under the other."),
        _("Choose hosts of the same kind."),
    ),
    "architecture-differs": Word(
        _("The hosts have different processors"),
        _("A checkpoint holds registers and machine code; it fits one architecture only."),
        _("Choose hosts of the same architecture."),
    ),
    "process-local-clone": Word(
        _("A process can't be cloned on its own host"),
        _("It keeps its process number, and that is taken there by the original."),
        _("Use a container for the local clone, or restore the process in place."),
    ),
}
