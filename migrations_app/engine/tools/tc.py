"""How `ip` and `tc` are called to make a link slower, and what they print: pure.

What a host sends to its peer goes through a queue of ours on the interface that leads there. Where
the kernel has classes and filters (htb, u32) only what goes to the peer is slowed down; else a
token bucket stands on the whole interface. Delay and loss are netem's.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any

HANDLE = "6d6c:"  # of our queue at the root of an interface: by this it is known as ours
CLASS = "6d6c:1"
LEAF = "6d6d:"
KERNELS_OWN = "0:"  # the handle of whatever the kernel put there by itself
MBIT = 1_000_000
UNSLOWED_MBIT_S = 100_000  # of the class where only delay or loss is asked for
# What may leave at once after a silence: a frame or two, and what comes in between two looks.
LEAST_BURST_BYTES = 16 * 1024
BURST_S = 0.002
LEAST_QUEUE_BYTES = 128 * 1024
QUEUE_S = 0.05  # how long a packet may wait, as in a switch with large buffers
PACKET_BYTES = 1500
LEAST_QUEUE_PACKETS = 1000
Argv = list[str]


@dataclass(frozen=True)
class Shape:
    """None: as it is; at least one is not."""

    rate_mbit_s: int | None = None
    delay_ms: int | None = None
    loss_percent: float | None = None

    @property
    def needs_netem(self) -> bool:
        return self.delay_ms is not None or self.loss_percent is not None


@dataclass(frozen=True)
class Queue:
    """What stands at the root of an interface."""

    kind: str
    handle: str

    @property
    def is_ours(self) -> bool:
        return self.handle == HANDLE

    @property
    def is_kernels(self) -> bool:
        """It comes back by itself when another is taken away."""
        return self.handle == KERNELS_OWN


def route_argv(peer: str) -> Argv:
    return ["ip", "-json", "route", "get", peer]


def parse_route(text: str) -> str | None:
    """The interface on the way to the peer; None where there is no way, or it is this host."""
    routes = _parsed(text)
    found = routes[0] if routes else {}
    interface = found.get("dev")
    return None if found.get("type") == "local" or interface in (None, "lo") else str(interface)


def show_argv(interface: str) -> Argv:
    return ["tc", "-json", "qdisc", "show", "dev", interface]


def parse_root(text: str) -> Queue | None:
    """None: nothing stands there."""
    for queue in _parsed(text):
        if queue.get("root"):
            return Queue(str(queue["kind"]), str(queue["handle"]))
    return None


def _parsed(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def tell_argv(interface: str) -> Argv:
    """What tc says of the queues, with what went through them."""
    return ["tc", "-s", "qdisc", "show", "dev", interface]


def clear_argv(interface: str) -> Argv:
    return ["tc", "qdisc", "delete", "dev", interface, "root"]


def to_peer_argvs(interface: str, peer: str, shape: Shape) -> list[Argv]:
    """Only what goes to the peer: a class of its own, into which a filter puts it."""
    rate = shape.rate_mbit_s or UNSLOWED_MBIT_S
    burst = str(burst_bytes(rate))
    family = ipaddress.ip_address(peer)
    match = ("ip", "32") if family.version == 4 else ("ip6", "128")
    protocol = "ip" if family.version == 4 else "ipv6"
    return [
        [*_add("qdisc", interface), "root", "handle", HANDLE, "htb"],
        [
            *(*_add("class", interface), "parent", HANDLE, "classid", CLASS, "htb"),
            *("rate", f"{rate}mbit", "burst", burst, "cburst", burst, "quantum", "60000"),
        ],
        [*_add("qdisc", interface), "parent", CLASS, "handle", LEAF, *_waiting(shape)],
        [
            *(*_add("filter", interface), "parent", HANDLE, "protocol", protocol, "prio", "1"),
            *("u32", "match", match[0], "dst", f"{peer}/{match[1]}", "flowid", CLASS),
        ],
    ]


def whole_argvs(interface: str, shape: Shape) -> list[Argv]:
    """Everything that leaves by the interface."""
    root = [*_add("qdisc", interface), "root", "handle", HANDLE]
    if not shape.needs_netem:
        return [[*root, *_bucket(shape.rate_mbit_s or UNSLOWED_MBIT_S)]]
    late = [*root, *_netem(shape)]
    if shape.rate_mbit_s is None:
        return [late]
    inside = [*_add("qdisc", interface), "parent", f"{HANDLE}1", "handle", LEAF]
    return [late, [*inside, *_bucket(shape.rate_mbit_s)]]


def _add(what: str, interface: str) -> Argv:
    return ["tc", what, "add", "dev", interface]


def _waiting(shape: Shape) -> Argv:
    if shape.needs_netem:
        return _netem(shape)
    return ["bfifo", "limit", str(queue_bytes(shape.rate_mbit_s or UNSLOWED_MBIT_S))]


def _bucket(rate_mbit_s: int) -> Argv:
    burst, limit = burst_bytes(rate_mbit_s), queue_bytes(rate_mbit_s)
    return ["tbf", "rate", f"{rate_mbit_s}mbit", "burst", str(burst), "limit", str(limit)]


def _netem(shape: Shape) -> Argv:
    delay = [] if shape.delay_ms is None else ["delay", f"{shape.delay_ms}ms"]
    loss = [] if shape.loss_percent is None else ["loss", f"{shape.loss_percent:g}%"]
    return ["netem", "limit", str(_queue_packets(shape)), *delay, *loss]


def burst_bytes(rate_mbit_s: int) -> int:
    return max(LEAST_BURST_BYTES, int(rate_mbit_s * MBIT / 8 * BURST_S))


def queue_bytes(rate_mbit_s: int) -> int:
    return max(LEAST_QUEUE_BYTES, int(rate_mbit_s * MBIT / 8 * QUEUE_S))


def _queue_packets(shape: Shape) -> int:
    """All that is on its way for the length of the delay has to find room."""
    seconds = (shape.delay_ms or 0) / 1000 + QUEUE_S
    rate = shape.rate_mbit_s or UNSLOWED_MBIT_S
    return max(LEAST_QUEUE_PACKETS, int(rate * MBIT / 8 * seconds / PACKET_BYTES))
