"""A lab host as a machine of its own: QEMU with Debian's kernel, which tracks memory.

Software emulation is enough and needs nothing of the processor; it is far too slow for figures.
The disk is made at every boot from the same overlay that systemd-nspawn would mount, so such a
host begins anew each time it is booted.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from . import cgroups, machine, network
from .commands import run, succeeds
from .config import HostPlace, LabConfig, MachineKind, keep_kind
from .images import Image

BOOT_TIMEOUT_S = 1800.0  # takes two minutes on two idle cores, ten on busy ones
COPY_TIMEOUT_S = 300.0
ANSWER_TIMEOUT_S = 60.0
POLL_S = 1.0
DISK = "disk.img"
DISK_SIZE = "6G"  # sparse
MEMORY_MIB = 1536
# Several threads panicked the guest's kernel.
ACCELERATOR = "tcg,thread=single"
# eth0 by that name, which migration-lab-prepare then calls host0 as on the other lab hosts.
# On a busy machine systemd's own limits (90 s) are too short: a boot that is slow is not broken.
PATIENCE = "systemd.default_device_timeout_sec=1800 systemd.default_timeout_start_sec=1800"
KERNEL_WORDS = (
    f"root=/dev/vda rw console=ttyS0 net.ifnames=0 systemd.show_status=no quiet {PATIENCE}"
)
# Arguments: the overlay's options, its mount point, the disk, its size.
DISK_SCRIPT = """\
mount -t overlay -o "$1" overlay "$2" || exit 1
rm -f "$3"
exec mkfs.ext4 -q -F -d "$2" "$3" "$4"
"""


def is_running(config: LabConfig, place: HostPlace) -> bool:
    return bool(cgroups.processes(machine.group_of(config, place)))


def start(config: LabConfig, identity: machine.Identity, root: Path) -> None:
    """Begins to boot the host; `make_ready` ends it. Raises LabCommandFailed."""
    place = identity.place
    machine.take_root(place, root)
    keep_kind(place.folder, config.kind, MachineKind.VM)
    for name in ("upper", "work", "merged"):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    machine.write_identity(identity)
    run(disk_argv(place, root), timeout_s=COPY_TIMEOUT_S)
    for argv in port_argvs(config, place):
        run(argv)
    joins = cgroups.make(machine.group_of(config, place))
    with place.console.open("wb") as console:
        run(start_argv(config, place, root, joins), output=console)


def disk_argv(place: HostPlace, root: Path) -> list[str]:
    """Copies the host's overlay into a file system of its own."""
    options = machine.overlay_options(place, root)
    merged, disk = place.folder / "merged", place.folder / DISK
    script = ("sh", "-c", DISK_SCRIPT, "migration-lab")
    return [
        *("unshare", "--mount", "--propagation=private"),
        *(*script, options, str(merged), str(disk), DISK_SIZE),
    ]


def port_argvs(config: LabConfig, place: HostPlace) -> list[list[str]]:
    """The bridge's port that the machine hangs on, named as systemd-nspawn would."""
    inside, port = ["ip", "-n", config.group], network.port_of(place)
    return [
        [*inside, "tuntap", "add", "dev", port, "mode", "tap"],
        [*inside, "link", "set", port, "master", network.BRIDGE, "up"],
    ]


def start_argv(config: LabConfig, place: HostPlace, root: Path, joins: list[Path]) -> list[str]:
    """Into the host's control groups and the lab's network; returns when QEMU is on its way."""
    return [
        *("sh", "-c", machine.JOIN_SCRIPT, "migration-lab", *map(str, joins), "--"),
        *("setsid", "--fork"),
        *("nsenter", f"--net={network.namespace_path(config)}"),
        *qemu_argv(place, root),
    ]


def qemu_argv(place: HostPlace, root: Path) -> list[str]:
    # Each host's own address on the wire; 52:54:00 is what QEMU uses.
    hardware = f"52:54:00:00:00:{machine_number(place):02x}"
    tap = f"tap,id=net,ifname={network.port_of(place)},script=no,downscript=no"
    return [
        "qemu-system-x86_64",
        *("-accel", ACCELERATOR, "-cpu", "max", "-smp", "1", "-m", f"{MEMORY_MIB}M"),
        *("-kernel", str(root / "vmlinuz"), "-initrd", str(root / "initrd.img")),
        *("-append", KERNEL_WORDS),
        *("-drive", f"file={place.folder / DISK},if=virtio,format=raw,cache=unsafe"),
        *("-netdev", tap, "-device", f"virtio-net-pci,netdev=net,mac={hardware}"),
        *("-device", "virtio-rng-pci"),
        *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
    ]


def machine_number(place: HostPlace) -> int:
    return place.index + 1


def make_ready(
    config: LabConfig, place: HostPlace, subnet: IPv4Network, images: Sequence[Image]
) -> None:
    """Waits until Docker and sshd answer, and loads the images. Raises LabBootFailed."""
    deadline = time.monotonic() + BOOT_TIMEOUT_S
    machine.wait_for_ssh(place, place.address(subnet), deadline, ANSWER_TIMEOUT_S)
    ready = [*_ssh(config, place, subnet), f"test -e /{machine.READY_FILE}"]
    while not succeeds(ready):
        if time.monotonic() > deadline or not is_running(config, place):
            raise machine.boot_failed(place)
        time.sleep(POLL_S)
    for image in images:
        _load(config, place, subnet, image)


def _load(config: LabConfig, place: HostPlace, subnet: IPv4Network, image: Image) -> None:
    ask = f"docker image inspect --format '{{{{.Id}}}}' {shlex.quote(image.tag)} || true"
    there = run([*_ssh(config, place, subnet), ask], timeout_s=ANSWER_TIMEOUT_S).strip()
    if there != image.id:
        load = [*_ssh(config, place, subnet), "docker load --quiet"]
        run(load, timeout_s=COPY_TIMEOUT_S, data=image.archive)


def _ssh(config: LabConfig, place: HostPlace, subnet: IPv4Network) -> list[str]:
    options = [
        f"UserKnownHostsFile={os.devnull}",
        f"HostKeyAlias={place.name}",
        "StrictHostKeyChecking=no",
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "LogLevel=ERROR",
    ]
    flags = [part for option in options for part in ("-o", option)]
    return ["ssh", "-i", str(config.private_key), *flags, f"root@{place.address(subnet)}"]


def stop(config: LabConfig, place: HostPlace) -> None:
    """Cuts the machine's power: its disk is made anew at the next boot. Idempotent."""
    group = machine.group_of(config, place)
    cgroups.kill(group)
    machine.wait_for_end(group)
    cgroups.remove(group)
    succeeds(["ip", "-n", config.group, "link", "delete", network.port_of(place)])
    (place.folder / DISK).unlink(missing_ok=True)
