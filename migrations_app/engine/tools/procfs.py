"""Files under /proc: text in, values out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stat:
    pid: int
    name: str
    state: str  # one letter: R, S, D, T (stopped), t (traced), Z
    parent: int
    group: int
    session: int
    start_ticks: int  # since boot; with the pid it tells one process from another


def parse_stat(text: str) -> Stat:
    """`/proc/PID/stat`; the name may hold spaces and brackets, so it ends at the last one."""
    head, _, rest = text.rpartition(")")
    pid, _, name = head.partition("(")
    fields = rest.split()
    parent, group, session = map(int, fields[1:4])
    return Stat(int(pid), name, fields[0], parent, group, session, int(fields[19]))


def parse_held(status: str) -> bool:
    """`/proc/PID/status`: whether it is stopped or traced."""
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    state = lines.get("State", "").strip()[:1]
    return state in ("t", "T") or lines.get("TracerPid", "0").strip() != "0"


def tree_of(root: int, parents: dict[int, int]) -> list[int]:
    """root and everything below it; parents maps each pid to its parent's."""
    tree = [root]
    for pid in tree:
        tree += sorted(child for child, parent in parents.items() if parent == pid)
    return tree


def parse_mapped_files(maps: str) -> list[str]:
    """Paths of the files that are mapped, each once, without the kernel's own areas."""
    paths = (line.split(maxsplit=5) for line in maps.splitlines())
    named = (fields[5] for fields in paths if len(fields) == 6)
    return sorted({path for path in named if path.startswith("/")})


def parse_cgroup(text: str) -> dict[str, str]:
    """`/proc/PID/cgroup`: controller to path; the unified hierarchy under the empty name."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def parse_mount_points(mountinfo: str) -> list[str]:
    """`/proc/self/mountinfo`: where things are mounted, in the order in which they were."""
    return [line.split()[4] for line in mountinfo.splitlines() if line]


def parse_local_addresses(fib_trie: str, if_inet6: str) -> list[str]:
    """The addresses of this network namespace, from `/proc/net/fib_trie` and `if_inet6`."""
    found, last = set(), ""
    for line in fib_trie.splitlines():
        text = line.strip()
        if text.startswith("|--"):
            last = text[3:].strip()
        elif text == "/32 host LOCAL":
            found.add(last)
    for line in if_inet6.splitlines():
        digits = line.split()[0]
        found.add(":".join(digits[at : at + 4] for at in range(0, 32, 4)))
    return sorted(found)
