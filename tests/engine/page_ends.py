"""Pages on request: a scripted page server and a scripted daemon, both our ends between."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import packing
from migrations_app.engine.hostside.pages import relay_pages, serve_pages
from migrations_app.engine.tools.pagemap import LAZY, PAGE, PRESENT, Entry, PageMap, serialise

IOV = struct.Struct("<I4xQQQ")  # as CRIU has it: command, nr_pages, vaddr, dst_id
GET, ADD_F, CLOSE = 7, 4 << 16 | 6, 0x1023
PID = 42
LIMIT_S = 5.0
COMPRESSIONS = [None, *packing.available()]


def page(value: int) -> bytes:
    return value.to_bytes(4, "big") * (PAGE // 4)


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


@dataclass
class PageServer:
    """Has the pages of some tasks, by (pid, number), and answers as CRIU's does."""

    pages: dict[tuple[int, int], bytes]
    most: int = 1 << 20  # pages per answer: CRIU's runs of pages end somewhere
    gone_after: int = 1 << 20  # answers
    asked: list[tuple[int, int, int]] = field(default_factory=list)  # pid, number, pages
    ended_well: bool = False

    def run(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(IOV.size, socket.MSG_WAITALL):
                command, pages, vaddr, pid = IOV.unpack(data)
                if command == CLOSE:
                    connection.sendall(bytes(4))
                    break
                if len(self.asked) == self.gone_after:
                    return
                self.asked.append((pid, vaddr // PAGE, pages))
                self._answer(connection, pid, vaddr, min(pages, self.most))
            self.ended_well = connection.recv(1) == b""

    def _answer(self, connection: socket.socket, pid: int, vaddr: int, pages: int) -> None:
        numbers = range(vaddr // PAGE, vaddr // PAGE + pages)
        data = b"".join(self.pages[pid, number] for number in numbers)
        connection.sendall(IOV.pack(ADD_F, pages, vaddr, pid) + data)


class Daemon:
    """Asks as CRIU's lazy-pages daemon does."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def ask(self, number: int, pages: int = 1, pid: int = PID) -> None:
        self.connection.sendall(IOV.pack(GET, pages, number * PAGE, pid))

    def answer(self) -> tuple[int, int, bytes]:
        """pid, number of the first page, pages."""
        command, pages, vaddr, pid = IOV.unpack(exactly(self.connection, IOV.size))
        assert command == ADD_F
        return pid, vaddr // PAGE, exactly(self.connection, pages * PAGE)

    def fetch(self, number: int, pages: int, pid: int = PID) -> bytes:
        """So many pages, in as many answers as it takes."""
        got = b""
        while len(got) < pages * PAGE:
            self.ask(number + len(got) // PAGE, pages - len(got) // PAGE, pid)
            got += self.answer()[2]
        return got

    def close(self) -> None:
        self.connection.sendall(IOV.pack(CLOSE, 0, 0, 0))
        assert exactly(self.connection, 4) == bytes(4)
        self.connection.close()


class Way:
    """Both ends at work, each in a thread; what they returned or raised."""

    def __init__(self, server: PageServer, **options: Any) -> None:
        self.server = server
        self.link = options.pop("link", None) or socket.socketpair()
        self._options = options
        self.daemon_end, self.server_end = socket.socketpair(), socket.socketpair()
        limit_s = options.pop("limit_s", LIMIT_S)
        for end in (*self.link, *self.daemon_end, *self.server_end):
            end.settimeout(limit_s if end in self.link else LIMIT_S)
        self.daemon = Daemon(self.daemon_end[0])
        self.results: dict[str, Any] = {}
        self._threads = [
            threading.Thread(target=work, args=args, daemon=True)
            for work, args in (
                (server.run, (self.server_end[1],)),
                (self._keep, ("source", serve_pages, self.link[0], self.server_end[0])),
                (self._keep, ("target", relay_pages, self.link[1], self.daemon_end[1])),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _keep(self, side: str, work: Any, link: socket.socket, local: socket.socket) -> None:
        names = {
            "source": ("packer", "pace", "count", "images"),
            "target": ("unpacker",),
        }[side]
        options = {name: self._options[name] for name in names if name in self._options}
        base = self._options.get(f"{side}_base", self._options.get("base"))
        try:
            self.results[side] = work(link, local, base=base, **options)
        except StepFailed as error:
            self.results[side] = error

    def end(self) -> tuple[Any, Any]:
        for thread in self._threads[1:]:
            thread.join(LIMIT_S)
        return self.results.get("source"), self.results.get("target")

    def close(self) -> None:
        for end in (*self.link, *self.daemon_end, *self.server_end):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes who waits, which close does not
            end.close()
        for thread in self._threads:
            thread.join(LIMIT_S)


@contextmanager
def way(server: PageServer, **options: Any) -> Iterator[Way]:
    made = Way(server, **options)
    try:
        yield made
    finally:
        made.close()


def server_of(count: int, pid: int = PID, **options: Any) -> PageServer:
    return PageServer({(pid, number): page(number) for number in range(count)}, **options)


def lazy_image(folder: Path, *runs: tuple[int, int], pid: int = PID) -> Path:
    """A dump whose memory was left behind: (first, pages) of each run."""
    folder.mkdir(exist_ok=True)
    entries = [Entry(number * PAGE, pages, LAZY) for number, pages in runs]
    (folder / f"pagemap-{pid}.img").write_bytes(serialise(PageMap(1, entries)))
    return folder


def full_image(folder: Path, pages: dict[int, bytes], pid: int = PID) -> Path:
    folder.mkdir(exist_ok=True)
    entries = [Entry(number * PAGE, 1, PRESENT) for number in sorted(pages)]
    (folder / f"pagemap-{pid}.img").write_bytes(serialise(PageMap(1, entries)))
    data = b"".join(pages[number] for number in sorted(pages))
    (folder / "pages-1.img").write_bytes(data)
    return folder
