"""Hosts over SSH, their key pinned; the only file importing paramiko."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import pkgutil
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
from .access import FOLDER, HELPER, authorized_keys_line, helper_argv
from .base import Answer
from .bundle import bundle
from .jsonlines import JsonLines

KEEPALIVE_S = 5
AUTHORIZED_KEYS = ".ssh/authorized_keys"


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
    """Raises HostUnreachable where the connection is gone again by now."""
    try:
        key = transport.get_remote_server_key()
    except paramiko.SSHException as error:
        raise HostUnreachable(f"the host hung up before it had shown a key: {error}") from error
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


def _require_pinned(target: SshTarget, transport: paramiko.Transport) -> None:
    shown = _shown(transport)
    if shown != " ".join(target.host_key.split()[:2]):
        raise HostKeyMismatch(
            f"{target.name} shows the key {fingerprint(shown)}, "
            f"pinned is {fingerprint(target.host_key)}"
        )


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
        self._sessions: list[str] = []  # what the host may not know yet to be given up

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
        _require_pinned(self._target, transport)
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(self._target.private_key))
        try:
            transport.auth_publickey(self._target.user, key)
        except paramiko.AuthenticationException as error:
            message = f"{self.name} does not let {self._target.user} in with our key"
            raise HostAuthRefused(message) from error
        transport.set_keepalive(KEEPALIVE_S)

    def _start_program(self, transport: paramiko.Transport) -> JsonLines:
        path, root = _pushed(transport), self._target.user == "root"
        if not root:
            _push_helper(transport)
        channel = transport.open_session(timeout=self._timeout_s)
        # Both lines are ours: no word of a person's, and of the path only digits vary. sudo's own
        # words shall be English, since they tell what went wrong.
        helper = f"LC_ALL=C {' '.join(helper_argv())}"
        channel.exec_command(f"python3 -I -B {path}" if root else helper)
        # paramiko's files speak str in text mode, which its type stubs do not know.
        to_host, from_host = channel.makefile("w"), channel.makefile("r")
        if not root:
            channel.sendall(f"{bundle().name}\n".encode())
        lines = JsonLines(cast(IO[str], to_host), cast(IO[str], from_host), self.name)
        self._greet(lines, channel)
        return lines

    def _greet(self, lines: JsonLines, channel: paramiko.Channel) -> None:
        try:
            former, self._sessions = self._sessions, [*self._sessions, lines.id]
            answer = lines.greet(former, timeout_s=self._timeout_s)
        except HostSessionLost as error:
            words = channel.recv_stderr(4000).decode(errors="replace").strip()
            message = f"the hostside program did not start on {self.name}: {words}"
            raise StepFailed(message, code=_why_not_started(words)) from error
        self._sessions = [lines.id] if answer.result["root"] else []
        if not answer.result["root"]:
            message = f"the hostside program is not root on {self.name}"
            raise StepFailed(message, code="host-not-root")


def _why_not_started(words: str) -> str:
    """The code that sudo's or the shell's own words stand for."""
    if "a password is required" in words or "a terminal is required" in words:
        return "sudo-wants-password"
    if "sudo: not found" in words or "sudo: command not found" in words:
        return "sudo-missing"
    if words.startswith("sudo:") or "is not allowed to" in words or "not in the sudoers" in words:
        return "sudo-refused"
    return "hostside-not-started"


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


def _push_helper(transport: paramiko.Transport) -> None:
    text = pkgutil.get_data(__package__, "helper.py")
    assert text is not None
    with contextlib.closing(_sftp(transport)) as sftp:
        if _size(sftp, HELPER) != len(text):
            fresh = f"{HELPER}.{threading.get_ident()}"
            sftp.putfo(io.BytesIO(text), fresh)
            sftp.posix_rename(fresh, HELPER)


def install_key(
    target: SshTarget, *, password: str, public_key: str, timeout_s: float = 10
) -> bool:
    """Signs in once with a password and adds our key's line; False: it stood there already.

    Raises HostUnreachable, HostKeyMismatch, HostAuthRefused for a wrong password or a host that
    takes none. Nothing is started on the host, and the password is kept nowhere.
    """
    line = authorized_keys_line(public_key)
    transport = _started(target.address, target.port, target.host_key.split()[0], timeout_s)
    try:
        _require_pinned(target, transport)
        transport.auth_password(target.user, password)
        return _add_line(transport, line)
    except paramiko.AuthenticationException as error:
        message = f"{target.name} does not take this password for {target.user}"
        raise HostAuthRefused(message, code="password-refused") from error
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise HostUnreachable(f"no session with {target.name}: {error}") from error
    finally:
        transport.close()


def _add_line(transport: paramiko.Transport, line: str) -> bool:
    with contextlib.closing(_sftp(transport)) as sftp:
        with contextlib.suppress(OSError):
            sftp.mkdir(str(Path(AUTHORIZED_KEYS).parent), 0o700)
        with sftp.open(AUTHORIZED_KEYS, "a+") as file:
            file.seek(0)
            text = file.read().decode(errors="replace")
            if line in text.splitlines():
                return False
            file.write(("" if text.endswith("\n") or not text else "\n") + line + "\n")
        sftp.chmod(AUTHORIZED_KEYS, 0o600)
    return True
