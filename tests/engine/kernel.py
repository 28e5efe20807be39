"""A host's network as `ip` and `tc` would show it: interfaces with what stands at their roots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from migrations_app.engine.errors import StepFailed
from migrations_app.engine.hostside.run import Ran, Runner

DEFAULT, FOREIGN = ("noqueue", "0:"), ("fq", "8001:")


class Kernel(Runner):
    """Called like the runner of a verb; `lacks`: kinds of queues, classes or filters."""

    def __init__(self, lacks: Sequence[str] = (), interface: str | None = "eth0") -> None:
        super().__init__()
        self.lacks, self.interface = set(lacks), interface
        self.root = DEFAULT
        self.parts: list[str] = []  # kinds that stand there, in their order
        self.dies_at: str | None = None  # a kind: the program is killed when it is asked for

    def __call__(self, argv: Sequence[str], *, check: bool = True, **_: Any) -> Ran:
        status, out = self._answer(list(argv))
        ran = Ran(tuple(argv), status, out, "" if status == 0 else "RTNETLINK answers: no", 0, 0)
        if check and status != 0:
            raise StepFailed(f"{' '.join(argv[:3])}: {ran.err}", code="command-failed")
        return ran

    def _answer(self, argv: list[str]) -> tuple[int, str]:
        if argv[0] == "ip":
            return (0, json.dumps([{"dev": self.interface}])) if self.interface else (2, "")
        if "show" in argv:
            return self._shown(argv)
        return self._deleted() if "delete" in argv else self._added(argv)

    def _shown(self, argv: list[str]) -> tuple[int, str]:
        if self.interface != argv[argv.index("dev") + 1]:
            return 1, ""
        kind, handle = self.root
        if "-json" in argv:
            return 0, json.dumps([{"kind": kind, "handle": handle, "root": True}])
        return 0, f"qdisc {kind} {handle} root\n"

    def _deleted(self) -> tuple[int, str]:
        if self.root == DEFAULT:
            return 2, ""
        self.root, self.parts = DEFAULT, []
        return 0, ""

    def _added(self, argv: list[str]) -> tuple[int, str]:
        kind = next(word for word in argv if word in ("htb", "bfifo", "u32", "tbf", "netem"))
        if kind == self.dies_at:
            raise KeyboardInterrupt
        if kind in self.lacks or ("root" in argv and self.root != DEFAULT):
            return 2, ""
        if "root" in argv:
            self.root = (kind, argv[argv.index("handle") + 1])
        self.parts.append(kind)
        return 0, ""
