"""Stands between runc and CRIU: holds a dump or restore until told to go, and tells each step.

runc starts `criu swrk FD`, with a folder of ours first in its PATH. The `criu` there (see SCRIPT)
becomes CRIU at once for every other request. For a dump or restore CRIU is started, too, but on
a socket of ours; a process beside it, that is no child of anybody here, passes the messages on
between runc and CRIU. So all of runc's own preparation happens before the word `go`.

Beside it is the hostside program, on a Unix socket, with a JSON object a line:

    -> {"armed": "dump", "ns": …}          the request is there, CRIU is up
    <- {"options": "…hex…", "waits": […]}  go, with these options on top of runc's
    -> {"event": "post-dump", "ns": …}     a notification of CRIU's, passed on to runc
    <- {}                                  one for each of those that the word asked to wait at
    -> {"end": true, "success": …, "error": …, "ns": …}

When that socket closes before the word, nothing is dumped or restored and runc fails.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Container
from typing import IO, Any

from ..tools import criu_rpc

CONTROL, REAL = "MIGRATION_LAB_CONTROL", "MIGRATION_LAB_CRIU"
# Above any descriptor that runc hands on; CRIU looks for runc's folders in its own process.
FIRST_FREE = 900
SCRIPT = """\
#!/usr/bin/python3 -IS
import os, socket, sys
real, arguments = os.environ[{real!r}], sys.argv[1:]
if len(arguments) == 2 and arguments[0] == "swrk":
    peer = socket.socket(fileno=os.dup(int(arguments[1])))
    request = peer.recv({longest}, socket.MSG_PEEK)
    if request[:1] == b"\\x08" and request[1] in {held!r}:
        sys.path.insert(0, {archive!r})
        from engine.hostside.criu_shim import stand_between
        stand_between(peer, int(arguments[1]), request)
os.execv(real, ["criu", *arguments])
"""


def script(archive: str) -> str:
    """The `criu` for runc's PATH; `archive`: the hostside program's own file."""
    held = tuple(criu_rpc.HELD)
    return SCRIPT.format(real=REAL, longest=criu_rpc.LONGEST, held=held, archive=archive)


def stand_between(peer: socket.socket, descriptor: int, request: bytes) -> None:
    """When this returns, the caller is to become CRIU on `descriptor`."""
    own = _own_folders(request)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        if os.fork():
            os._exit(0)
        os.setsid()
        theirs.close()
        os.close(descriptor)
        try:
            _pass_on(peer, ours, own)
        finally:
            os._exit(0)
    os.wait()
    peer.close()
    ours.close()
    os.dup2(theirs.fileno(), descriptor)


def _own_folders(request: bytes) -> bytes:
    """runc names folders by its own descriptors: the same ones, opened here, as options."""
    body = b""
    for place, name in enumerate(("images_dir_fd", "work_dir_fd"), start=FIRST_FREE):
        number = criu_rpc.option(request, name)
        if number is not None:
            os.dup2(os.open(f"/proc/{os.getppid()}/fd/{number}", os.O_RDONLY), place)
            body += criu_rpc.options({name: place})
    return body


def _pass_on(runc: socket.socket, criu: socket.socket, own: bytes) -> None:
    control = socket.socket(socket.AF_UNIX)
    control.connect(os.environ[CONTROL])
    lines = control.makefile("rw")
    request = runc.recv(criu_rpc.LONGEST)
    _tell(lines, armed=criu_rpc.HELD[request[1]])
    word = lines.readline()
    if not word:
        return  # released: with us go both sockets, and runc and CRIU see that
    told = json.loads(word)
    options = bytes.fromhex(told["options"])
    criu.send(criu_rpc.with_options(request, own + options))
    while _one_more(runc, criu, lines, told.get("waits", ())):
        pass


def _one_more(
    runc: socket.socket, criu: socket.socket, lines: IO[str], waits: Container[str]
) -> bool:
    """Pass one message on; whether there can be another. Where none listens any more, none can."""
    for source in select.select([runc, criu], [], [])[0]:
        data, rights, _, _ = source.recvmsg(criu_rpc.LONGEST, 4096)
        if not data:
            return False
        now = time.monotonic_ns()
        response = criu_rpc.parse_response(data) if source is criu else None
        if response is not None and response.script in waits:
            _report(lines, response, now)
            if not lines.readline():
                return False
            response = None  # told already
        (runc if source is criu else criu).sendmsg([data], rights)
        _close_all(rights)
        if response is not None:
            _report(lines, response, now)
    return True


def _close_all(rights: list[tuple[int, int, bytes]]) -> None:
    for level, kind, data in rights:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            for at in range(0, len(data), 4):
                os.close(int.from_bytes(data[at : at + 4], "little"))


def _report(lines: IO[str], response: criu_rpc.Response, now: int) -> None:
    if response.kind == criu_rpc.NOTIFY:
        _tell(lines, event=response.script, pid=response.pid, ns=now)
    else:
        _tell(lines, end=True, success=response.success, error=response.error, ns=now)


def _tell(lines: IO[str], **what: Any) -> None:
    """Nobody may listen any more: then the work goes on unheard."""
    try:
        lines.write(json.dumps({"ns": time.monotonic_ns(), **what}) + "\n")
        lines.flush()
    except OSError:
        return
