"""Pages on request, from the source's frozen tasks to the target's running ones, for post-copy.

CRIU's lazy-pages daemon on the target asks for pages, CRIU's page server on the source has them;
each talks to its own host only. Between the hosts goes one connection of ours, which the caller
made, authenticated and gave a timeout: the longest silence that is borne. pages_wire.py tells
what goes over it.

Left to themselves, the two take turns: no page is on its way while the daemon puts the last ones
into their places. Here the source sends all pages ahead, in the order of their addresses, and in
between those that a task waits for; the target keeps them until the daemon asks.

On an error all sockets stay open, and how they are closed decides what becomes of the tasks:

* `page_server`: `let_dump_end` leaves the source's tasks as the dump's options say (stopped),
  `make_dump_fail` lets them run again. Just closing it does either: the latter where an answer
  was not read to its end.
* `daemon` closed: it ends, and with it the tasks' userfaultfd; the pages that are missing read
  as zeros from then on. So the restored tasks must be killed before.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from .mapped import PageBase
from .packing import Pack, Unpack
from .pages_source import Count, Pace, Served, Source
from .pages_target import Relayed, Target
from .pages_wire import translated

__all__ = [
    "PageBase",
    "Relayed",
    "Served",
    "let_dump_end",
    "make_dump_fail",
    "relay_pages",
    "serve_pages",
]


def serve_pages(
    connection: socket.socket,
    page_server: socket.socket,
    *,
    packer: Pack | None = None,
    pace: Pace | None = None,
    base: PageBase | None = None,
    count: Count | None = None,
    images: Path | None = None,
) -> Served:
    """On the source, until the daemon has closed the service; then the dump ends with 0.

    `images` is the folder of the dump: what is lazy there is sent ahead; without, only what is
    asked for is sent. `pace` is called before so many bytes are sent, `count` after. Raises
    StepFailed (`pages-lost`) when either side goes before.
    """
    source = Source(connection, page_server, packer, pace, base, count, images)
    with translated():
        source.run()
        let_dump_end(page_server)
    return source.served


def relay_pages(
    connection: socket.socket,
    daemon: socket.socket,
    *,
    unpacker: Unpack | None = None,
    base: PageBase | None = None,
) -> Relayed:
    """On the target, until the daemon has closed the service.

    It does so after a failure of its own as well (its exit status tells), and when the tasks
    have ended. Raises StepFailed (`pages-lost`) when either side goes before.
    """
    target = Target(connection, daemon, unpacker, base)
    with translated():
        target.run()
    return target.relayed


def let_dump_end(page_server: socket.socket) -> None:
    """The dump ends with 0, its tasks as its options say; the socket is closed."""
    try:
        # What was not read would turn the end into a reset.
        page_server.shutdown(socket.SHUT_WR)
        while page_server.recv(1 << 20):
            pass
    finally:
        page_server.close()


def make_dump_fail(page_server: socket.socket) -> None:
    """The dump fails, and CRIU lets its tasks run again; the socket is closed."""
    page_server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    page_server.close()
