"""Docker's own interface, over its socket: for the one call that the command line can't say."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from .run import Ran, Runner

SOCKETS = (Path("/run/docker.sock"), Path("/var/run/docker.sock"))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, limit_s: float) -> None:
        super().__init__("docker", timeout=limit_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def create_container(
    name: str, body: Mapping[str, Any], runner: Runner, limit_s: float
) -> tuple[str, Ran]:
    """The id of the new container, and what was called and when.

    Raises StepFailed with code `create-refused` and Docker's own words, or `docker-unavailable`.
    """
    path = "/containers/create?" + urllib.parse.urlencode({"name": name})
    text, start_ns = json.dumps(body), time.monotonic_ns()
    status, answer = _post(path, text, limit_s)
    # As a person would type it, to be shown beside the commands.
    argv = ("curl", "--unix-socket", str(_socket()), "--json", text, f"http://docker{path}")
    ran = Ran(argv, 0 if status == 201 else 22, "", "", start_ns, time.monotonic_ns())
    runner.ran.append(ran)
    if status != 201:
        words = str(answer.get("message") or status)
        raise StepFailed(f"Docker does not create it: {words}", code="create-refused")
    return str(answer["Id"]), ran


def _socket() -> Path:
    return next((path for path in SOCKETS if path.exists()), SOCKETS[0])


def _post(path: str, text: str, limit_s: float) -> tuple[int, dict[str, Any]]:
    connection = _Connection(_socket(), limit_s)
    try:
        connection.request("POST", path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        return response.status, answer if isinstance(answer, dict) else {}
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise StepFailed(f"Docker does not answer: {error}", code="docker-unavailable") from error
    finally:
        connection.close()
