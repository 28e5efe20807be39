"""Redis's protocol, RESP2 (redis.io/docs/latest/develop/reference/protocol-spec): pure."""

from __future__ import annotations

from dataclasses import dataclass

END = b"\r\n"


@dataclass(frozen=True)
class Refusal:
    """An error reply."""

    words: str


# A simple string, a bulk string or null, an integer, an error, an array.
Reply = bytes | int | Refusal | None | list["Reply"]


def command(*parts: bytes) -> bytes:
    """As a client sends it: an array of bulk strings."""
    bulks = [b"$%d\r\n%s\r\n" % (len(part), part) for part in parts]
    return b"*%d\r\n%s" % (len(parts), b"".join(bulks))


class Replies:
    """What the server sends, cut anywhere, as whole replies."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[Reply]:
        """The replies that are whole now. Raises ValueError for what is no RESP."""
        self._rest += data
        found: list[Reply] = []
        at = 0
        while (read := _read(self._rest, at)) is not None:
            reply, at = read
            found.append(reply)
        self._rest = self._rest[at:]
        return found


def _read(data: bytes, at: int) -> tuple[Reply, int] | None:
    """The reply that begins there, and where it ends; None while it is not whole."""
    end = data.find(END, at)
    if end < 0:
        return None
    kind, text, after = data[at : at + 1], data[at + 1 : end], end + len(END)
    if kind == b"+":
        return text, after
    if kind == b"-":
        return Refusal(text.decode(errors="replace")), after
    if kind == b":":
        return int(text), after
    if kind == b"$":
        return _bulk(data, int(text), after)
    if kind == b"*":
        return _array(data, int(text), after)
    raise ValueError(f"no RESP: {data[at : at + 20]!r}")


def _bulk(data: bytes, length: int, at: int) -> tuple[Reply, int] | None:
    if length < 0:
        return None, at
    end = at + length
    return (data[at:end], end + len(END)) if len(data) >= end + len(END) else None


def _array(data: bytes, count: int, at: int) -> tuple[Reply, int] | None:
    if count < 0:
        return None, at
    found: list[Reply] = []
    for _ in range(count):
        read = _read(data, at)
        if read is None:
            return None
        reply, at = read
        found.append(reply)
    return found, at
