"""CRIU's protobuf interface (images/rpc.proto): requests out, responses in.

`criu swrk FD` reads one request from a SEQPACKET socket, sends a notification at each step that
has a name (and waits for it to be acknowledged), and at the end a response. Only the fields that
the engine uses are here; merging works as protobuf says: a later field wins, messages add up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DUMP, RESTORE, PRE_DUMP, NOTIFY, SINGLE_PRE_DUMP = 1, 2, 4, 6, 13
HELD = {DUMP: "dump", RESTORE: "restore", PRE_DUMP: "pre-dump"}  # what a shim waits with
SKIP_NETWORK_LOCK = 3
LONGEST = 1 << 20

# criu_opts by field number
_NUMBERS = {
    "images_dir_fd": 1,
    "pid": 2,
    "leave_running": 3,
    "tcp_established": 5,
    "file_locks": 8,
    "log_level": 9,
    "log_file": 10,
    "notify_scripts": 12,
    "parent_img": 14,
    "track_mem": 15,
    "work_dir_fd": 17,
    "link_remap": 18,
    "ghost_limit": 35,
    "lazy_pages": 48,
    "network_lock": 64,
    "leave_stopped": 69,
}
_PAGE_SERVER, _EXTERNAL, _INHERIT_FD = 11, 37, 27


def options(
    values: dict[str, int | bool | str],
    *,
    page_server: tuple[str, int] | None = None,
    external: tuple[str, ...] = (),
) -> bytes:
    """The body of a criu_opts message; `values` by the names of rpc.proto."""
    body = b"".join(_field(_NUMBERS[name], value) for name, value in values.items())
    if page_server:
        address, port = page_server
        body += _field(_PAGE_SERVER, _field(1, address) + _field(2, port))
    return body + b"".join(_field(_EXTERNAL, one) for one in external)


def inherit_fd(key: str, descriptor: int) -> bytes:
    """A descriptor of the caller that takes the place of an external one on restore."""
    return _field(_INHERIT_FD, _field(1, key) + _field(2, descriptor))


def request(kind: int, body: bytes) -> bytes:
    """A criu_req of this kind with these options."""
    return _field(1, kind) + _field(2, body)


def with_options(message: bytes, body: bytes) -> bytes:
    """The same request with these options on top of its own."""
    return message + _field(2, body) if body else message


def acknowledged() -> bytes:
    """The answer to a notification: go on."""
    return _field(1, NOTIFY) + _field(3, True)


def option(message: bytes, name: str) -> int | None:
    """A number among a request's options; None where it is not set."""
    wanted, found = _NUMBERS[name], None
    for number, value in _fields(message):
        if number == 2 and isinstance(value, bytes):
            for inner, one in _fields(value):
                if inner == wanted and isinstance(one, int):
                    found = one
    return found


@dataclass(frozen=True)
class Response:
    kind: int
    success: bool
    script: str | None = None  # of a notification
    pid: int | None = None  # notification: of whom; response to a restore: of the root
    error: str | None = None  # CRIU's first error


def parse_response(data: bytes) -> Response:
    """Raises ValueError for something else than a criu_resp."""
    kind, success, script, pid, error = 0, False, None, None, None
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2:
            success = bool(value)
        elif number in (4, 5) and isinstance(value, bytes):
            script, pid = _notification(value) if number == 5 else (script, _first(value))
        elif number == 9 and isinstance(value, bytes):
            error = value.decode(errors="replace")
    return Response(kind, success, script, pid, error)


def _notification(body: bytes) -> tuple[str | None, int | None]:
    script, pid = None, None
    for number, value in _fields(body):
        if number == 1 and isinstance(value, bytes):
            script = value.decode(errors="replace")
        elif number == 2 and isinstance(value, int):
            pid = value
    return script, pid


def _first(body: bytes) -> int | None:
    return next((v for n, v in _fields(body) if n == 1 and isinstance(v, int)), None)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are ten bytes long
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _field(number: int, value: int | bool | str | bytes) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return _varint(number << 3 | 2) + _varint(len(value)) + value
    return _varint(number << 3) + _varint(int(value))


def _read(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("the message is cut short")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _read(data, at)
            yield number, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if wire == 2:
            size, at = _read(data, at)
        if size is None or at + size > len(data):
            raise ValueError("the message is no protobuf")
        yield number, data[at : at + size]
        at += size
