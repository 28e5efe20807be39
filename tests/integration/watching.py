"""What a migration may leave on a host, looked at from outside: names of things, not counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LOOKS = {
    "containers": "docker ps --all --format '{{.Names}}' | sort",
    "jobs": "ls /var/lib/migration-lab/jobs 2>/dev/null || true",
    "workloads": "ls /var/lib/migration-lab/workloads 2>/dev/null || true",
    "checkpoints": "ls -d /var/lib/docker/containers/*/checkpoints/* 2>/dev/null || true",
    "images": "ls -d /tmp/ctrd-checkpoint* /tmp/*criu* 2>/dev/null || true",
    "tasks": "ls -A /var/lib/containerd/io.containerd.runtime.v2.task/moby 2>/dev/null || true",
    "processes": "ps -e -o comm= | grep -E 'criu|runc|migration-lab-m|busybox' | sort || true",
    "mounts": "findmnt --noheadings --output TARGET --list | grep -E 'migration|criu' || true",
    "rules": "(iptables-save; nft list ruleset) 2>/dev/null | grep -i criu || true",
}


class Watcher:
    def __init__(self, run: Callable[[Any, str], str]) -> None:
        self._run = run

    def look(self, host: Any) -> dict[str, list[str]]:
        return {name: self._run(host, look).splitlines() for name, look in LOOKS.items()}

    def changes(self, host: Any, before: dict[str, list[str]]) -> dict[str, list[str]]:
        """What looks otherwise than before, as it is now."""
        return {name: now for name, now in self.look(host).items() if now != before[name]}
