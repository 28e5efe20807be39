"""CRIU's images read by ourselves: processes, files, sockets, maps, names of the environment.

Every image begins with two magic words; then come protobuf messages, each after its length in four
bytes, little endian (images/*.proto of CRIU 4.2; the field numbers below are theirs). Only what the
library of checkpoints shows is read. Values of the environment never are: they may be secrets.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import StepFailed
from . import pagemap
from .criu import fields

Read = Callable[[str], bytes | None]  # an image by its name; None: there is none
Message = Mapping[int, list[tuple[int, bytes]]]
_COMMON_MAGIC = 0x54564319
MOST_ENVIRONMENT_BYTES = 256 << 10
MOST_MAPS, MOST_FILES = 400, 400  # of a process, that are told
# fd_types of fdinfo.proto that have words of their own.
KINDS = {
    **{1: "file", 2: "pipe", 3: "fifo", 4: "internet socket", 5: "unix socket", 6: "eventfd"},
    **{7: "eventpoll", 8: "inotify", 9: "signalfd", 10: "packet socket", 11: "terminal"},
    **{13: "netlink socket", 15: "tun", 17: "timerfd", 18: "memfd"},
}
_REG, _INET, _UNIX = 3, 4, 16  # fields of file_entry
# vma_entry.status (criu/include/image.h), the more telling first
_AREAS = (
    *((1, "stack"), (3, "vdso"), (12, "vvar"), (5, "heap"), (2, "vsyscall")),
    *((6, "file"), (7, "shared file"), (8, "shared"), (9, "private")),
)
_FILE_BITS = (1 << 6) | (1 << 7)
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


def damaged(what: str) -> StepFailed:
    return StepFailed(f"the image is damaged: {what}", code="image-damaged")


def messages(data: bytes) -> list[Message]:
    """All messages of an image. Raises StepFailed with code `image-damaged`."""
    if len(data) < 8 or struct.unpack_from("<I", data)[0] != _COMMON_MAGIC:
        raise damaged("it begins with other words")
    found, at = [], 8
    while at < len(data):
        if at + 4 > len(data):
            raise damaged("it is cut short")
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + size > len(data):
            raise damaged("it is cut short")
        found.append(_message(data[at : at + size]))
        at += size
    return found


def _message(body: bytes) -> Message:
    made: dict[int, list[tuple[int, bytes]]] = {}
    for number, value, inner in fields(body):
        made.setdefault(number, []).append((value, inner))
    return made


def number(message: Message, field: int) -> int:
    return message[field][-1][0] if field in message else 0


def body(message: Message, field: int) -> bytes:
    return message[field][-1][1] if field in message else b""


def text(message: Message, field: int) -> str:
    return body(message, field).decode(errors="replace")


def processes(read: Read) -> list[dict[str, Any]]:
    """The tree as it was dumped, root first. Raises StepFailed when an image is missing."""
    files = {number(one, 2): one for one in messages(_needed(read, "files.img"))}
    return [_process(one, files, read) for one in messages(_needed(read, "pstree.img"))]


def _needed(read: Read, name: str) -> bytes:
    data = read(name)
    if data is None:
        raise damaged(f"{name} is missing")
    return data


def _process(entry: Message, files: Mapping[int, Message], read: Read) -> dict[str, Any]:
    pid = number(entry, 1)
    told: dict[str, Any] = {
        "pid": pid,
        "parent": number(entry, 2),
        "threads": max(1, len(entry.get(5, ()))),
        "name": _command(read(f"core-{pid}.img")),
        "files": list(_descriptors(pid, files, read))[:MOST_FILES],
    }
    mm = read(f"mm-{pid}.img")
    memory = messages(mm)[0] if mm else {}
    areas = [_area(_message(inner), files) for _, inner in memory.get(14, ())]
    names = _environment(pid, memory, read)
    return {**told, "areas": areas[:MOST_MAPS], "environment": names}


def _command(core: bytes | None) -> str:
    """The task's name: core_entry.tc.comm."""
    if core is None:
        return ""
    return text(_message(body(messages(core)[0], 3)), 6)


def _descriptors(pid: int, files: Mapping[int, Message], read: Read) -> Iterator[dict[str, Any]]:
    """By the task's files_id: ids-PID.img names the table that it shares."""
    ids = read(f"ids-{pid}.img")
    table = number(messages(ids)[0], 2) if ids else 0
    for one in messages(read(f"fdinfo-{table}.img") or _EMPTY):
        kind = number(one, 3)
        file = files.get(number(one, 1), {})
        yield {"fd": number(one, 4), "kind": KINDS.get(kind, f"type {kind}"), "name": _named(file)}


_EMPTY = struct.pack("<II", _COMMON_MAGIC, 0)


def _named(file: Message) -> str:
    if _REG in file:
        return f"/{text(_message(body(file, _REG)), 6).lstrip('/')}"
    if _INET in file:
        inner = _message(body(file, _INET))
        source, target = number(inner, 7), number(inner, 8)
        return f"port {source} to port {target}" if target else f"port {source}"
    if _UNIX in file:
        name = body(_message(body(file, _UNIX)), 11)
        return name.replace(b"\0", b"@").decode(errors="replace")
    return ""


def _area(vma: Message, files: Mapping[int, Message]) -> dict[str, Any]:
    status = number(vma, 7)
    kind = next((name for bit, name in _AREAS if status & (1 << bit)), "other")
    name = _named(files.get(number(vma, 4), {})) if status & _FILE_BITS else ""
    return {"start": number(vma, 1), "end": number(vma, 2), "kind": kind, "name": name}


def _environment(pid: int, memory: Message, read: Read) -> list[str] | None:
    """Names only; None where that part of the memory is not in the image."""
    start, end = number(memory, 10), number(memory, 11)
    if not 0 < end - start <= MOST_ENVIRONMENT_BYTES:
        return None
    data = _memory(pid, start, end, read)
    if data is None:
        return None
    parts = (part.partition(b"=")[0] for part in data.split(b"\0"))
    return sorted({part.decode() for part in parts if _NAME.fullmatch(part)})


def _memory(pid: int, start: int, end: int, read: Read) -> bytes | None:
    """What a task had at these addresses, as far as its own pages file holds all of it."""
    data = read(f"pagemap-{pid}.img")
    if data is None:
        return None
    found = pagemap.parse(data)
    pages = read(found.pages_name)
    offset = 0
    for entry in found.entries:
        if entry.vaddr <= start and end <= entry.end:
            at = offset + start - entry.vaddr
            return pages[at : at + end - start] if entry.present and pages else None
        offset += entry.pages * pagemap.PAGE if entry.present else 0
    return None


def memory_bytes(areas: list[dict[str, Any]]) -> int:
    return sum(area["end"] - area["start"] for area in areas)
