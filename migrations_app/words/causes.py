"""What went wrong, row by row: the causes of engine/causes.py in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.causes import Knowable

from .base import Text, Word

KNOWABLE: dict[str, Text] = {
    Knowable.HOST: _("From one host: its versions, kernel and settings."),
    Knowable.PAIR: _("From the two hosts together."),
    Knowable.WORKLOAD: _("From the workload as it runs: “Check this workload” looks for it."),
    Knowable.TARGET: _("From the workload together with the target."),
    Knowable.NEVER: _("Not beforehand."),
}

CAUSES: dict[str, Word] = {
    "docker-network-namespace": Word(
        _("Docker 28 and 29 can't restore a container that has a network"),
        _(
            "“docker start --checkpoint” looks for the network namespace of a process that does not exist yet. The fault is Docker's own."
        ),
        _(
            "Choose any strategy but cold: those restore past this part of Docker. Or install Docker 26 or 27."
        ),
    ),
    "docker-checkpoint-dir": Word(
        _("Docker takes no folder of one's own for a checkpoint"),
        _(
            "Since 17.12 “docker start --checkpoint-dir” is refused, though the option is still listed."
        ),
        _(
            "Put the image below Docker's own folder: containers/ID/checkpoints/NAME. Our cold strategy does that."
        ),
    ),
    "containerd-content-exists": Word(
        _("containerd still holds this very checkpoint"),
        _(
            "A checkpoint was restored a second time under the same name, before containerd had thrown the first away."
        ),
        _(
            "Try again: each of our runs takes a name of its own and empties containerd's store first."
        ),
    ),
    "containerd-content-missing": Word(
        _("Docker 25.0 forgets the checkpoint that it has just stored"),
        _(
            "A regression of Docker 25.0.0 to 25.0.3: it asks containerd for the checkpoint under an incomplete name."
        ),
        _("Install a later 25.0, or Docker 26; or choose another strategy than cold."),
    ),
    "checkpoint-ignored": Word(
        _("The container was started anew instead of restored"),
        _(
            "Old versions of Docker and containerd ignore the checkpoint and say nothing: the workload counts from the beginning again."
        ),
        _(
            "Install a newer Docker, and never trust a restore whose counting was not verified. The proof of each run here does that."
        ),
    ),
    "docker-experimental-off": Word(
        _("Docker's experimental mode is off"),
        _("“docker checkpoint” exists in experimental mode only."),
        _(
            'Choose another strategy than cold: those need no experimental mode. Or put {"experimental": true} into /etc/docker/daemon.json and restart Docker.'
        ),
    ),
    "terminal": Word(
        _("The workload has a terminal"),
        _(
            "A terminal's other end is held by somebody outside: a shell, sshd, or Docker. CRIU can take the workload's end along, but not theirs."
        ),
        _(
            "Start a container without -t; start a process with setsid, its input from /dev/null and its output into a file."
        ),
    ),
    "tcp-connection": Word(
        _("The workload has open TCP connections"),
        _(
            "A connection has two ends and an address. CRIU takes one along only when it is told to, and it goes on only where the same address is."
        ),
        _(
            "Let the connections close before the migration; or give the container an address of its own on a macvlan network, and choose “Open TCP connections come along”."
        ),
    ),
    "address-missing": Word(
        _("The workload's address is not on the target"),
        _(
            "A socket was bound to an address of the source, and the target has no such address, or no route from it."
        ),
        _(
            "Bind to 0.0.0.0, give the target the same address, or use a network that goes along (macvlan)."
        ),
    ),
    "mptcp": Word(
        _("The workload uses multipath TCP"),
        _(
            "CRIU knows TCP, not its multipath extension (protocol 262). Go programs open such sockets by themselves."
        ),
        _("Start Go programs with GODEBUG=multipathtcp=0; others without MPTCP."),
    ),
    "file-locks": Word(
        _("The workload holds a lock on a file"),
        _(
            "A lock protects a file from others on its host; on another host it protects from nobody. So CRIU takes it along only when it is told that this is meant."
        ),
        _(
            "Let the run take locks along (it does so by itself when it sees them), or end what holds the lock."
        ),
    ),
    "ghost-file": Word(
        _("A large file without a name is open"),
        _(
            "The workload deleted a file that it still has open. Its content has to go into the image, and CRIU does that for small ones only (1 MiB, if nothing else is said)."
        ),
        _(
            "Raise the limit (the run does so by itself when it sees such a file), or let the workload close it."
        ),
    ),
    "link-remap": Word(
        _("A file was unlinked, but has other names"),
        _(
            "The workload has a file open by a name that is gone, or watches one with inotify; CRIU would have to make a name for it for a moment."
        ),
        _(
            "Allow it with the option link-remap (the run does so by itself), or let the workload close the file."
        ),
    ),
    "outside-socket": Word(
        _("A socket is connected to somebody outside"),
        _(
            "The workload talks over a unix socket with a process that stays behind: dbus, the system log, Docker's socket, a display."
        ),
        _(
            "Close that connection, or migrate both ends together. CRIU can't take half of a conversation."
        ),
    ),
    "outside-mount": Word(
        _("The workload sees a mount that the target does not have"),
        _(
            "A bind mount, a volume or a fuse file system comes from outside and is not part of the image."
        ),
        _("Provide the same mount on the target, or start the workload without it."),
    ),
    "file-differs": Word(
        _("A file is missing on the target, or differs"),
        _(
            "Files that the workload has open or mapped are not in the image; CRIU opens them by name and compares size, mode and build id."
        ),
        _("Install the same versions on both hosts and put the same files there."),
    ),
    "pid-taken": Word(
        _("The process's number is taken on the target"),
        _(
            "A restored process has the number that it had, and another process has it there already."
        ),
        _("Try again later or choose another target; a container brings a numbering of its own."),
    ),
    "cpu-differs": Word(
        _("The target's processor lacks something"),
        _(
            "The workload uses instructions or registers that the target's CPU does not have, or keeps in another form."
        ),
        _(
            "Choose a target with the same CPU or a newer one, or give both virtual machines the same CPU model."
        ),
    ),
    "rseq": Word(
        _("Restartable sequences are not understood"),
        _(
            "glibc from 2.35 on uses rseq. CRIU before 3.17, or a kernel before 5.13, can't restore it: the dump fails, or the program crashes right after the restore."
        ),
        _("Install CRIU 3.17 or newer on a kernel from 5.13 on."),
    ),
    "seccomp": Word(
        _("A seccomp filter around CRIU stands in the way"),
        _(
            "CRIU has to suspend the filters of what it dumps, and is not allowed to: under WSL, in an unprivileged container, or under a filter itself."
        ),
        _("Use a real virtual machine, and run CRIU outside of containers."),
    ),
    "mount-slave": Word(
        _("This kernel changed mounts, and CRIU is older than that"),
        _("CRIU before 4.1.1 makes mounts dependent in a way that newer kernels refuse."),
        _("Install CRIU 4.2 or newer on the target."),
    ),
    "vdso": Word(
        _("CRIU is too old for this kernel"),
        _("Kernels from 6.13 on lay the vDSO out differently; CRIU understands that from 4.1 on."),
        _("Install CRIU 4.2 or newer."),
    ),
    "socket-option": Word(
        _("CRIU is too old for this kernel's sockets"),
        _(
            "Kernels from 6.16 on refuse an option that CRIU before 4.2 reads from every internet socket."
        ),
        _("Install CRIU 4.2 or newer."),
    ),
    "io-uring": Word(
        _("The workload uses io_uring"),
        _(
            "A ring is shared between the program and the kernel, with operations under way in it. CRIU can't take that along."
        ),
        _("Start the program without io_uring; many have a setting for it."),
    ),
    "unsupported-file": Word(
        _("The workload has something open that CRIU can't take along"),
        _(
            "A device, a userfaultfd, a graphics card, or a debugger at work: the rest of it is in hardware or in another program."
        ),
        _("Close it, or end the debugger, before the migration."),
    ),
    "security-module": Word(
        _("The hosts' security modules differ"),
        _(
            "The workload runs under a profile of AppArmor or a context of SELinux that the target does not have."
        ),
        _("Load the same profile on the target, or start the workload unconfined on both."),
    ),
    "cgroup": Word(
        _("The control groups of the hosts differ, or did not freeze"),
        _(
            "A container frozen under version 1 of the control groups can't be restored under version 2, nor the other way round; and a task in an uninterruptible wait holds a freezer up."
        ),
        _("Choose hosts with the same version; try again when nothing waits for a disk."),
    ),
    "memory-tracking": Word(
        _("The kernel does not track memory changes"),
        _(
            "CRIU's own pre-copy asks the kernel which pages changed (soft-dirty). This kernel, like all on arm64, does not know, and CRIU aborts instead of saying so."
        ),
        _(
            "Pre-copy here compares contents instead and never asks such a kernel; by hand, use post-copy or a kernel with CONFIG_MEM_SOFT_DIRTY."
        ),
    ),
    "lazy-pages-socket": Word(
        _("The restore did not find the daemon that fetches pages"),
        _(
            "The lazy-pages daemon and the restore meet at a socket in the work folder: the daemon was not up yet, or in another folder."
        ),
        _("Start the daemon first, with the same work folder. Our runs wait for its word."),
    ),
    "pipe-limit": Word(
        _("The kernel's limit on pipes was reached"),
        _(
            "CRIU keeps pages in pipes, and without the right CAP_SYS_RESOURCE the kernel caps how many."
        ),
        _("On the host: sysctl fs.pipe-user-pages-soft=0 fs.pipe-max-size=16777216"),
    ),
    "criu-timeout": Word(
        _("The processes could not be stopped in time"),
        _(
            "CRIU gives itself ten seconds to seize all tasks; a large tree, or one that waits for a disk, takes longer."
        ),
        _("Try again when the host is less busy, or raise CRIU's --timeout."),
    ),
    "kernel-cache": Word(
        _("CRIU probes the kernel anew in each run"),
        _(
            "It keeps what it found out about the kernel in /run, but only if that is a tmpfs. Nothing fails, but each dump and restore takes longer."
        ),
        _("Mount a tmpfs on /run, as all current distributions do."),
    ),
    "left-behind": Word(
        _("Something was left behind by a run that was broken off"),
        _(
            "A crash in the middle leaves firewall rules, paused containers or half-restored processes."
        ),
        _(
            "Our runs find theirs by name and remove them; what was made by hand has to be removed by hand."
        ),
    ),
    "criu-3-18": Word(
        _("Restored with CRIU 3.18"),
        _(
            "Users report that restores fail with 3.18 and succeed with 3.19. No single cause is known."
        ),
        _(
            "Install CRIU 3.19 or newer; the table of what works here shows which versions have been seen to."
        ),
    ),
    "unknown": Word(
        _("No known cause"),
        _(
            "None of the causes known here explains this failure. The first real error in the log is quoted below."
        ),
        _(
            "Search for the quoted line. When the cause is found, an instructor can write it down here; it then explains the next one."
        ),
    ),
}
