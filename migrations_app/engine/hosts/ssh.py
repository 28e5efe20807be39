"""Hosts over SSH, their key pinned; the only file importing paramiko."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import paramiko

from ..errors import (
    EngineError,
    HostAuthRefused,
    HostKeyMismatch,
    HostSessionLost,
    HostUnreachable,
    StepFailed,
)
from .base import Answer
from .bundle import bundle
from .jsonlines import JsonLines

FOLDER = ".migration-lab"  # below the user's home
KEEPALIVE_S = 5


@dataclass(frozen=True)
class SshTarget:
    """Where a host is, what key it must show, and ours."""

    name: str
    address: str
    user: str
    host_key: str  # "ssh-ed25519 AAAA…", as in known_hosts
    private_key: str = field(repr=False)  # OpenSSH PEM
    port: int = 22


def fingerprint(host_key: str) -> str:
    """`SHA256:…` as ssh-keygen -l shows it."""
    raw = base64.b64decode(host_key.split()[1])
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def scan_host_key(address: str, port: int = 22, *, timeout_s: float = 5) -> str:
    """The ed25519 key that the host shows: for a person to confirm. Raises HostUnreachable."""
    with _transport(address, port, "ssh-ed25519", timeout_s) as transport:
        return _shown(transport)


def known_host_key(known_hosts: Path, address: str, port: int = 22) -> str:
    """The key that a known_hosts file pins for this address. Raises HostKeyMismatch for none."""
    name = address if port == 22 else f"[{address}]:{port}"
    entries = paramiko.HostKeys(str(known_hosts)).lookup(name)
    if not entries:
        raise HostKeyMismatch(f"{known_hosts} has no key for {name}", code="host-key-unknown")
    kind = "ssh-ed25519" if "ssh-ed25519" in entries else min(entries.keys())
    return f"{kind} {entries[kind].get_base64()}"


def _shown(transport: paramiko.Transport) -> str:
    key = transport.get_remote_server_key()
    return f"{key.get_name()} {key.get_base64()}"


@contextlib.contextmanager
def _transport(
    address: str, port: int, kind: str, timeout_s: float
) -> Iterator[paramiko.Transport]:
    transport = _started(address, port, kind, timeout_s)
    try:
        yield transport
    finally:
        transport.close()


def _started(address: str, port: int, kind: str, timeout_s: float) -> paramiko.Transport:
    try:
        connection = socket.create_connection((address, port), timeout_s)
        transport = paramiko.Transport(connection)
        transport.get_security_options().key_types = [kind]
        transport.start_client(timeout=timeout_s)
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise HostUnreachable(f"no SSH with {address}:{port}: {error}") from error
    return transport


class SshHost:
    """A session with one host, opened when it is first needed and again after it was lost."""

    def __init__(self, target: SshTarget, *, timeout_s: float = 10) -> None:
        self.name = target.name
        self.address = target.address
        self._target = target
        self._timeout_s = timeout_s
        self._transport: paramiko.Transport | None = None
        self._lines: JsonLines | None = None
        self._opening = threading.Lock()

    def open(self) -> SshHost:
        """Connect now. Raises HostUnreachable, HostKeyMismatch or HostAuthRefused."""
        with self._opening:
            if self._lines is None or self._lines.lost:
                self.close()
                self._connect()
        return self

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        self.open()
        assert self._lines is not None
        try:
            return self._lines.ask(verb, params, timeout_s=timeout_s)
        except HostSessionLost:
            self.close()
            raise

    def close(self) -> None:
        lines, transport = self._lines, self._transport
        self._transport = self._lines = None
        if lines is not None:
            lines.close()
        if transport is not None:
            transport.close()
        if lines is not None:
            lines.wait_for_end(1.0)

    def __enter__(self) -> SshHost:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> None:
        target = self._target
        kind = target.host_key.split()[0]
        transport = _started(target.address, target.port, kind, self._timeout_s)
        try:
            self._log_in(transport)
            self._lines = self._start_program(transport)
        except EngineError:
            transport.close()
            raise
        except (OSError, EOFError, paramiko.SSHException) as error:
            transport.close()
            raise HostUnreachable(f"no session with {self.name}: {error}") from error
        self._transport = transport

    def _log_in(self, transport: paramiko.Transport) -> None:
        shown = _shown(transport)
        if shown != " ".join(self._target.host_key.split()[:2]):
            raise HostKeyMismatch(
                f"{self.name} shows the key {fingerprint(shown)}, "
                f"pinned is {fingerprint(self._target.host_key)}"
            )
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(self._target.private_key))
        try:
            transport.auth_publickey(self._target.user, key)
        except paramiko.AuthenticationException as error:
            message = f"{self.name} does not let {self._target.user} in with our key"
            raise HostAuthRefused(message) from error
        transport.set_keepalive(KEEPALIVE_S)

    def _start_program(self, transport: paramiko.Transport) -> JsonLines:
        path = _pushed(transport)
        channel = transport.open_session(timeout=self._timeout_s)
        sudo = "" if self._target.user == "root" else "sudo -n "
        # The path is ours, letters and digits only; no other word enters this line.
        channel.exec_command(f"{sudo}python3 -I -B {path}")
        # paramiko's files speak str in text mode, which its type stubs do not know.
        to_host, from_host = channel.makefile("w"), channel.makefile("r")
        lines = JsonLines(cast(IO[str], to_host), cast(IO[str], from_host), self.name)
        self._greet(lines, channel)
        return lines

    def _greet(self, lines: JsonLines, channel: paramiko.Channel) -> None:
        try:
            answer = lines.ask("hello", {}, timeout_s=self._timeout_s)
        except HostSessionLost as error:
            words = channel.recv_stderr(4000).decode(errors="replace").strip()
            message = f"the hostside program did not start on {self.name}: {words}"
            raise StepFailed(message, code="hostside-not-started") from error
        if not answer.result["root"]:
            message = f"the hostside program is not root on {self.name}"
            raise StepFailed(message, code="host-not-root")


def _pushed(transport: paramiko.Transport) -> str:
    """Put the program on the host unless it is there; its path, below the user's home."""
    program = bundle()
    path = f"{FOLDER}/{program.name}"
    with contextlib.closing(_sftp(transport)) as sftp:
        if _size(sftp, path) == len(program.data):
            return path
        with contextlib.suppress(OSError):
            sftp.mkdir(FOLDER, 0o700)
        _write(sftp, path, program.data)
    return path


def _sftp(transport: paramiko.Transport) -> paramiko.SFTPClient:
    sftp = paramiko.SFTPClient.from_transport(transport)
    assert sftp is not None
    return sftp


def _size(sftp: paramiko.SFTPClient, path: str) -> int | None:
    try:
        return sftp.stat(path).st_size
    except OSError:
        return None


def _write(sftp: paramiko.SFTPClient, path: str, data: bytes) -> None:
    """Whole or not at all: two workers may push at once. Older versions go."""
    fresh = f"{path}.{threading.get_ident()}"
    for old in sftp.listdir(FOLDER):
        if old.endswith(".pyz"):
            with contextlib.suppress(OSError):
                sftp.remove(f"{FOLDER}/{old}")
    sftp.putfo(io.BytesIO(data), fresh)
    sftp.posix_rename(fresh, path)
