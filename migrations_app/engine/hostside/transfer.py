"""What goes from host to host: a folder of images, files at their own places, a Docker image.

The target listens (`channel_open`), the source connects once per item (`channel_send`) and is
answered when the item is whole on the target's disk.
"""

from __future__ import annotations

import contextlib
import hmac
import shutil
import socket
import ssl
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import EngineError, StepFailed
from . import jobs, packing
from .channel import FRAME, FrameReader, FrameWriter, receive_json, send_json, tls_context
from .fields import Fields
from .pace import Pace
from .run import Runner, pipe_into, pipe_out_of

CONNECT_S = 10.0
# A link that dies without a word, as when a cable is pulled, is noticed after about so many
# seconds, however long the silence that is borne: the other host's kernel answers at any time.
DEAD_S = 20
_open: dict[str, Listener] = {}
# Items that are talks rather than things: each is handed its connection until it returns.
Talk = Callable[["Listener", Mapping[str, Any], socket.socket], None]
TALKS: dict[str, Talk] = {}


@dataclass
class Listener:
    """One job's listening socket on the target, and what it may receive where."""

    server: socket.socket
    context: ssl.SSLContext | None
    token: str
    folder: Path
    allowed: frozenset[str]  # files at their own places
    limit_s: float

    def accept_until_closed(self) -> None:
        while True:
            try:
                raw, _ = self.server.accept()
            except OSError:  # closed, or nobody came within the limit
                self.server.close()
                return
            threading.Thread(target=self._receive, args=(raw,), daemon=True).start()

    def _receive(self, raw: socket.socket) -> None:
        raw.settimeout(self.limit_s)
        attend(raw)
        try:
            with _wrapped(raw, self.context, server=True) as connection:
                self._answer(connection)
        except (OSError, EngineError):
            return  # the source has the error too, and reports it with its cause

    def _answer(self, connection: socket.socket) -> None:
        head = receive_json(connection)
        if not hmac.compare_digest(str(head.get("token")), self.token):
            return
        item = head["item"]
        if item.get("kind") in TALKS:
            TALKS[item["kind"]](self, item, connection)
            return
        reader = FrameReader(connection, str(item.get("compression", packing.NONE)))
        try:
            self._store(item, reader)
            send_json(connection, {"bytes": reader.count})
        except (OSError, tarfile.TarError, EngineError) as error:
            reader.drain()
            send_json(connection, {"error": told(error)})

    def _store(self, item: Mapping[str, Any], reader: FrameReader) -> None:
        kind = item.get("kind")
        if kind == "images":
            _unpack(reader, jobs.images_in(self.folder), None)
        elif kind == "files":
            _unpack(reader, Path("/"), self.allowed)
        elif kind == "docker-image":
            _load_image(reader, self.limit_s)
        else:
            raise StepFailed(f"no such item: {kind}", code="bad-request")
        reader.drain()


def told(error: Exception) -> dict[str, Any]:
    """An error as it goes to the other host."""
    if isinstance(error, EngineError):
        what = {"code": error.code, "message": error.message}
        return {**what, "log_excerpt": error.log_excerpt, "log": error.log}
    if isinstance(error, OSError) and error.errno == 28:
        return {"code": "target-disk-full", "message": f"the target's disk is full: {error}"}
    return {"code": "transfer-failed", "message": f"{type(error).__name__}: {error}"}


def channel_open(fields: Fields, _: Runner) -> dict[str, Any]:
    """Listen for one job's items; `port` to connect to."""
    folder = jobs.open_folder(fields.job_folder())
    context = _context(fields, server=True)
    server = socket.create_server(("", 0))
    server.settimeout(fields.seconds())
    allowed = frozenset(str(path) for path in fields.paths("files"))
    jobs.note(folder, files=sorted(allowed))
    listener = Listener(server, context, fields.name("token"), folder, allowed, fields.seconds())
    _close(fields.job())
    _open[fields.job()] = listener
    threading.Thread(target=listener.accept_until_closed, daemon=True).start()
    return {"port": server.getsockname()[1]}


def channel_close(fields: Fields, _: Runner) -> dict[str, Any]:
    return {"closed": _close(fields.job())}


def _close(job: str) -> bool:
    listener = _open.pop(job, None)
    if listener is None:
        return False
    # close() alone leaves a thread that waits in accept(): shut down first.
    with contextlib.suppress(OSError):
        listener.server.shutdown(socket.SHUT_RDWR)
    listener.server.close()
    return True


def channel_send(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Send one item; `bytes`, and when the first byte left and the target's answer came.

    Raises StepFailed: `target-unreachable`, `transfer-failed`, what the target answered.
    """
    item = fields.choice("item", "images", "files", "docker-image")
    with link_may_break(), connect(fields, item) as connection:
        start_ns = time.monotonic_ns()
        writer = FrameWriter(connection, compression(fields), pace(fields))
        _fill(item, fields, writer)
        writer.finish()
        answer = receive_json(connection)
    raise_error_of(answer)
    return {"bytes": writer.count, "start_ns": start_ns, "end_ns": time.monotonic_ns()}


@contextlib.contextmanager
def link_may_break() -> Iterator[None]:
    """Files are read meanwhile, too: their errors have a name, those of a link are these."""
    try:
        yield
    except (TimeoutError, ConnectionError, ssl.SSLError) as error:
        raise StepFailed(f"the way to the target broke: {error}", code="transfer-failed") from error


def connect(fields: Fields, item: str) -> socket.socket:
    """A connection to the job's listener on the target, which knows what it is for.

    Raises StepFailed with code `target-unreachable`.
    """
    place = (fields.address(), fields.integer("port", 1, 65535))
    try:
        raw = socket.create_connection(place, CONNECT_S)
    except OSError as error:
        message = f"no connection to {place[0]} port {place[1]} from here: {error}"
        raise StepFailed(message, code="target-unreachable") from error
    attend(raw)
    raw.settimeout(fields.seconds())
    connection = _wrapped(raw, _context(fields, server=False), server=False)
    head = {"kind": item, "compression": compression(fields)}
    send_json(connection, {"token": fields.name("token"), "item": head})
    return connection


def attend(raw: socket.socket) -> None:
    """Small messages go at once, and a link that is dead is noticed within DEAD_S."""
    probes = 4
    for option, value in (
        (socket.TCP_NODELAY, 1),
        (socket.TCP_KEEPIDLE, DEAD_S // probes),
        (socket.TCP_KEEPINTVL, DEAD_S // probes),
        (socket.TCP_KEEPCNT, probes - 1),
        (socket.TCP_USER_TIMEOUT, DEAD_S * 1000),
    ):
        raw.setsockopt(socket.IPPROTO_TCP, option, value)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def compression(fields: Fields) -> str:
    return fields.choice("compression", packing.NONE, packing.LZ4, packing.ZSTD)


def pace(fields: Fields) -> Pace:
    limit = "bandwidth_limit_mbit_s"
    return Pace(fields.integer(limit, 1, 100_000) if fields.has(limit) else None)


def raise_error_of(answer: Mapping[str, Any]) -> None:
    """Raises StepFailed where the other host answered with an error."""
    if "error" in answer:
        told = answer["error"]
        error = StepFailed(told["message"], code=told["code"], log_excerpt=told.get("log_excerpt"))
        error.log = told.get("log")
        raise error


def _fill(item: str, fields: Fields, writer: FrameWriter) -> None:
    if item == "docker-image":
        argv = ["docker", "save", fields.image()]
        pipe_out_of(argv, lambda out: _copied(out, writer), limit_s=fields.seconds())
        return
    with tarfile.open(fileobj=writer, mode="w|", bufsize=FRAME) as archive:
        archive.copybufsize = FRAME  # type: ignore[attr-defined]  # not in typeshed
        if item == "files":
            for path in fields.paths("files"):
                archive.add(path, arcname=str(path).lstrip("/"))
        else:
            archive.add(jobs.images_out(fields.job_folder()), arcname=".")


def _copied(source: IO[bytes], target: FrameWriter) -> int:
    shutil.copyfileobj(source, target, FRAME)
    return target.count


def _unpack(reader: FrameReader, folder: Path, allowed: frozenset[str] | None) -> None:
    """Unpack a tar stream below folder, owners and modes kept; only what is allowed, if given."""
    with tarfile.open(fileobj=reader, mode="r|", bufsize=FRAME) as archive:
        # Members are checked here; owners and modes must come along, since CRIU compares them.
        # Python before 3.11.4 has no filters and keeps them anyway.
        archive.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        for member in archive:
            if allowed is not None and "/" + member.name not in allowed:
                raise StepFailed(f"unexpected file {member.name!r}", code="transfer-failed")
            if not (member.isfile() or member.isdir()) or not _stays_below(member.name):
                raise StepFailed(f"unexpected member {member.name!r}", code="transfer-failed")
            (folder / member.name).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            archive.extract(member, folder)


def _stays_below(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _load_image(reader: FrameReader, limit_s: float) -> None:
    def feed(stdin: IO[bytes]) -> int:
        shutil.copyfileobj(reader, stdin, FRAME)
        return reader.count

    pipe_into(["docker", "load", "--quiet"], feed, limit_s=limit_s)


def _context(fields: Fields, *, server: bool) -> ssl.SSLContext | None:
    if not fields.flag("encrypted"):
        return None
    return tls_context(
        fields.pem("certificate"), fields.pem("key"), fields.pem("peer"), server=server
    )


def _wrapped(raw: socket.socket, context: ssl.SSLContext | None, *, server: bool) -> socket.socket:
    if context is None:
        return raw
    return context.wrap_socket(raw, server_side=server)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "channel_open": channel_open,
    "channel_close": channel_close,
    "channel_send": channel_send,
}
