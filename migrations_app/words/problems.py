"""What can stand in the way on a host, or between two."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

PROBLEMS: dict[str, Word] = {
    "host-not-root": Word(
        _("We are not root on the host"),
        _("Checkpoints need root rights."),
        _("Register the host with the user root, or paste the block on its page “Let us in”."),
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
    "docker-forgets-checkpoint": Word(
        _("This Docker forgets the checkpoint that it has stored"),
        _(
            "Docker 25.0.0 to 25.0.3 asks containerd for the checkpoint under an incomplete name; the cold strategy relies on it."
        ),
        _("Choose another strategy, or install a later 25.0 or Docker 26."),
        named=_("Docker {version} forgets the checkpoint that it has stored"),
    ),
    "criu-3-18": Word(
        _("Restores with CRIU 3.18 are doubtful"),
        _(
            "Users report that restores fail with 3.18 and succeed with 3.19. No single cause is known."
        ),
        _("Install CRIU 4.2 or newer before you rely on it."),
    ),
    "rseq": Word(
        _("CRIU does not know what the C library uses"),
        _(
            "glibc from 2.35 on registers restartable sequences (rseq) for each thread; CRIU before 3.17 does not restore them, and a program may crash right after the restore."
        ),
        _("Install CRIU 4.2 or newer."),
        named=_("CRIU {version} does not know the rseq that glibc {library} uses"),
    ),
    "pipe-limit": Word(
        _("The kernel limits pipes here"),
        _(
            "CRIU keeps pages in pipes on their way. We lack the right CAP_SYS_RESOURCE, so the kernel's limit concerns us, and large dumps fail."
        ),
        _("On the host: sysctl fs.pipe-user-pages-soft=0. “Prepare this host” offers to set it."),
        named=_("The kernel allows {limit} pages in pipes, and we may not go beyond"),
    ),
    "kernel-cache": Word(
        _("CRIU can't keep what it knows of the kernel"),
        _(
            "It keeps that in /run, but only if /run is a tmpfs. Nothing fails, but each dump and restore probes the kernel anew and takes longer."
        ),
        _("Mount a tmpfs on /run, as all current distributions do."),
        named=_("/run lies on {filesystem}: CRIU probes the kernel anew in each run"),
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
    "tcp-needs-container": Word(
        _("Open connections of a process can't come along"),
        _("A process has the address of its host, and that stays behind with the connections."),
        _("Run it as a container on a macvlan network, or leave the option out."),
    ),
    "tcp-needs-hand-over": Word(
        _("Cold can't take open connections along"),
        _("Docker's own checkpoint knows no such option, and CRIU then refuses the connections."),
        _("Choose another strategy, or leave the option out."),
    ),
    "tcp-one-address": Word(
        _("A copy can't have the connections of the original"),
        _("Both would have the same address, and answer the same peers."),
        _("Leave out one of the two options."),
    ),
    "link-bandwidth-missing": Word(
        _("A host can't make its link slower"),
        _("It takes tc and a token bucket (tbf) in the kernel; the last check found none."),
        _("Install iproute2 there and check the host again, or leave the link's rate as it is."),
        named=_("{host} can't make its link slower"),
    ),
    "link-delay-missing": Word(
        _("A host can't add delay or loss to its link"),
        _("That takes netem in its kernel; the last check found none."),
        _("Load it there (modprobe sch_netem) and check the host again, or shape the rate only."),
        named=_("{host} can't add delay or loss to its link"),
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
    "cpu-weaker": Word(
        _("The target's processor can do less"),
        _(
            "A program that found out at its start what the processor can do may go on using it, and crash there."
        ),
        _(
            "Migrate the other way, or between machines of one kind; in VMware, EVC or one processor model for both."
        ),
        named=_("The target's processor lacks {lacks}"),
    ),
    "criu-older-there": Word(
        _("CRIU is older on the target"),
        _("It need not know all that a newer one writes into an image."),
        _("Prepare both hosts from the same archive."),
        named=_("CRIU {target} on the target is older than {source} on the source"),
    ),
    "clocks-apart": Word(
        _("The clocks of the hosts are apart"),
        _("A workload that reads the wall clock sees it jump; figures do not depend on it."),
        _("Switch on time synchronisation on both: timedatectl set-ntp true"),
        named=_("The clocks of the hosts are {seconds} s apart"),
    ),
    "process-local-clone": Word(
        _("A process can't be cloned on its own host"),
        _("It keeps its process number, and that is taken there by the original."),
        _("Use a container for the local clone, or restore the process in place."),
    ),
}
