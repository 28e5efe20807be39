"""Sockets of a network namespace with their peers, and the addresses of this host."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

from ..tools import procfs, unix_diag

NETLINK_S = 2.0
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_libc = ctypes.CDLL(None, use_errno=True)


def unix_sockets(pid: int) -> list[unix_diag.UnixSocket]:
    """Those of the network namespace of pid; empty where the kernel does not tell.

    A thread of its own goes there: a namespace belongs to a thread, and this one ends with it.
    """
    found: list[unix_diag.UnixSocket] = []
    thread = threading.Thread(target=_ask_there, args=(pid, found))
    thread.start()
    thread.join()
    return found


def _ask_there(pid: int, found: list[unix_diag.UnixSocket]) -> None:
    with suppress(OSError, ValueError):
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(namespace, _NEW_NETWORK) != 0:
                return
        finally:
            os.close(namespace)
        kind = unix_diag.NETLINK_SOCK_DIAG
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, kind) as link:
            link.settimeout(NETLINK_S)
            link.send(unix_diag.request())
            last = False
            while not last:
                some, last = unix_diag.parse(link.recv(1 << 17))
                found += some


def local_addresses() -> list[str]:
    """The host's own IPv4 and IPv6 addresses, as `descriptors.parse_tcp` writes them."""
    texts = [Path(f"/proc/net/{name}") for name in ("fib_trie", "if_inet6")]
    return procfs.parse_local_addresses(*(one.read_text() if one.exists() else "" for one in texts))
