"""This very machine as a host; the only file of the controller importing subprocess."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .base import Answer
from .bundle import bundle
from .jsonlines import JsonLines

ENDS_WITHIN_S = 5.0


class LocalHost:
    """Runs the same zipapp that an SSH host would run, as the user that runs us."""

    def __init__(self, name: str = "local", address: str = "127.0.0.1") -> None:
        self.name = name
        self.address = address
        self._folder = tempfile.TemporaryDirectory(prefix="migration-lab-")
        program = Path(self._folder.name) / bundle().name
        program.write_bytes(bundle().data)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._lines = JsonLines(self._process.stdin, self._process.stdout, name)

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        return self._lines.ask(verb, params, timeout_s=timeout_s)

    def close(self) -> None:
        self._lines.close()
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
