"""What a migration may leave on a host, looked at from outside: names of things, not counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LOOKS = {
    "containers": "docker ps --all --format '{{.Names}}' | sort",
    "jobs": "ls /var/lib/migration-lab/jobs",
    "kept": "ls /var/lib/migration-lab/kept",
    "memory": "ls -A /dev/shm/migration-lab",
    "armed": "ls -A /run/migration-lab/armed",
    "workloads": "ls /var/lib/migration-lab/workloads",
    "checkpoints": "ls -d /var/lib/docker/containers/*/checkpoints/*",
    "images": "ls -d /tmp/ctrd-checkpoint* /tmp/*criu* /tmp/.criu*",
    "tasks": "ls -A /var/lib/containerd/io.containerd.runtime.v2.task/moby",
    "runc": "ls -d /run/docker/runtime-*/moby/*",
    "processes": "ps -e -o comm= | grep -E 'criu|runc|migration-lab-m|busybox|shim|docker$' | sort",
    "listening": "ss -Hltn | awk '{print $4}' | sort",
    "mounts": "findmnt --noheadings --output TARGET --list | grep -E 'migration|criu'",
    "rules": "(iptables-save; nft list ruleset) | grep -i criu",
}
SCRIPT = "".join(f"printf '\\036{name}\\n'; {look} 2>/dev/null\n" for name, look in LOOKS.items())
SETTLED_S = 20.0  # a socket, a shim or a check of CRIU may take its time on a busy machine


class Watcher:
    def __init__(self, run: Callable[[Any, str], str]) -> None:
        self._run = run

    def look(self, host: Any) -> dict[str, list[str]]:
        seen = {}
        for part in self._run(host, f"{SCRIPT}true").split("\x1e")[1:]:
            name, *lines = part.splitlines()
            seen[name] = lines
        return seen

    def changes(self, host: Any, before: dict[str, list[str]]) -> dict[str, list[str]]:
        """What looks otherwise than before, as it is now, when it has had its time to go."""
        deadline = time.monotonic() + SETTLED_S
        while True:
            now = self.look(host)
            found = {name: lines for name, lines in now.items() if lines != before[name]}
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.3)
