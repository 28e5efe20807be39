"""A workload with an address of its own is heard from one host at a time.

While it changes hosts its network namespace is there twice, with the same address and the same
hardware address. On the source it falls silent when the workload stands still: its kernel would
go on to answer for it, and to acknowledge what the workload on the target never sees. On the
target it is silent from before Docker attaches it until the workload is about to run; then it
tells the network where it is now.

Silence is a table of nftables in the namespace itself, named by the job: it goes with the
namespace, and is found by its name where that stays. IP and ARP alike, both ways, but for lo.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import StepFailed
from .run import Runner, failed

_CLONE_NEWNET = 0x40000000
_SIOCGIFADDR, _SIOCGIFHWADDR = 0x8915, 0x8927
_BROADCAST = b"\xff" * 6
_ETHERNET, _IPV4, _ARP, _REQUEST = 1, 0x0800, 0x0806, 1
# RFC 4861, 4.4: type 136; override; with the target's link-layer address (option 2).
_ADVERTISEMENT, _OVERRIDE = 136, 0x20000000


def table(job: str) -> str:
    return f"migration-lab-{job}"


def commands(job: str) -> str:
    """What nft is told for silence; pure. Fine when it is there already: it is made anew."""
    parts = [over_commands(job)]
    for family, incoming, priority in (("inet", "prerouting", -300), ("arp", "input", 0)):
        name = f"{family} {table(job)}"
        parts.append(f"add table {name}")
        for chain, hook in (("in", incoming), ("out", "output")):
            kind = f"type filter hook {hook} priority {priority}; policy drop;"
            parts.append(f"add chain {name} {chain} {{ {kind} }}")
    parts.append(f"add rule inet {table(job)} in iif lo accept")
    parts.append(f"add rule inet {table(job)} out oif lo accept")
    return "; ".join(parts)


def over_commands(job: str) -> str:
    """What ends it, whether it was there or not."""
    names = [f"{family} {table(job)}" for family in ("inet", "arp")]
    return "; ".join(f"add table {name}; delete table {name}" for name in names)


def of_process(pid: int) -> str:
    return f"/proc/{pid}/ns/net"


def is_own(pid: int) -> bool:
    """Whether it has a network of its own, and not the host's."""
    one, two = Path(of_process(pid)).stat(), Path("/proc/self/ns/net").stat()
    return (one.st_dev, one.st_ino) != (two.st_dev, two.st_ino)


def silence(namespace: str, job: str, runner: Runner, *, must: bool) -> None:
    """`must`: open connections depend on it; else a host without nft does without.

    Raises StepFailed with code `network-not-silenced`.
    """
    with contextlib.nullcontext() if must else contextlib.suppress(StepFailed):
        _nft(namespace, commands(job), runner)


def be_heard(namespace: str, job: str, runner: Runner, *, must: bool) -> None:
    """The end of silence, and the network is told where the address is now; `must` likewise.

    On the way back nothing of it must: it would keep the workload frozen. Raises StepFailed.
    """
    with contextlib.nullcontext() if must else contextlib.suppress(StepFailed):
        _nft(namespace, over_commands(job), runner)
    announce_quietly(namespace)


def announce_quietly(namespace: str) -> None:
    """Whoever asks for the address learns it anyway, only later."""
    with contextlib.suppress(StepFailed, OSError):
        announce(namespace)


def _nft(namespace: str, text: str, runner: Runner) -> None:
    ran = runner(["nsenter", f"--net={namespace}", "nft", text], check=False)
    if ran.status != 0:
        raise failed(ran, code="network-not-silenced")


def announce(namespace: str) -> list[str]:
    """Tell the network that the addresses of this namespace are here now; which those are.

    Switches learn the port by it, neighbours the hardware address.
    """
    return _inside(namespace, _announce_all)


def _inside(namespace: str, work: Callable[[], list[str]]) -> list[str]:
    """In a thread of its own: it enters the namespace and never comes back from there."""
    found: list[str] = []
    errors: list[OSError] = []

    def run() -> None:
        try:
            _enter(namespace)
            found.extend(work())
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        message = f"the address could not be announced: {errors[0]}"
        raise StepFailed(message, code="address-not-announced")
    return found


def _enter(namespace: str) -> None:
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def _announce_all() -> list[str]:
    told = []
    for index, name in socket.if_nameindex():
        if name == "lo":
            continue
        with contextlib.suppress(OSError):  # an interface without an IPv4 address
            told.append(_announce(name))
        told += _advertise(index, name)
    return told


def _announce(name: str) -> str:
    """RFC 5227, 3: an ARP request for one's own address."""
    address, hardware = _asked(name, _SIOCGIFADDR)[20:24], _hardware(name)
    head = _BROADCAST + hardware + struct.pack("!H", _ARP)
    body = struct.pack("!HHBBH", _ETHERNET, _IPV4, 6, 4, _REQUEST)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((name, 0))
        link.send(head + body + hardware + address + bytes(6) + address)
    return socket.inet_ntoa(address)


def _hardware(name: str) -> bytes:
    return _asked(name, _SIOCGIFHWADDR)[18:24]


def _asked(name: str, what: int) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer: bytes = fcntl.ioctl(probe, what, struct.pack("256s", name.encode()[:15]))
        return answer


def _advertise(index: int, name: str) -> list[str]:
    """RFC 4861, 7.2.6: an unsolicited neighbour advertisement for each IPv6 address."""
    told = []
    for line in Path("/proc/thread-self/net/if_inet6").read_text().splitlines():
        address, _, _, _, _, device = line.split()
        if device != name:
            continue
        packed = bytes.fromhex(address)
        body = struct.pack("!BBHI", _ADVERTISEMENT, 0, 0, _OVERRIDE) + packed
        option = struct.pack("!BB", 2, 1) + _hardware(name)
        with contextlib.suppress(OSError):  # one that is not valid yet
            _send_advertisement(index, packed, body + option)
            told.append(socket.inet_ntop(socket.AF_INET6, packed))
    return told


def _send_advertisement(index: int, address: bytes, message: bytes) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        link.bind((socket.inet_ntop(socket.AF_INET6, address), 0, 0, index))
        link.sendto(message, ("ff02::1", 0, 0, index))
