"""A slower link between the lab's hosts: a token bucket filter where the bridge meets each host.

What goes to a host leaves the bridge by that host's port, so a filter there is a link of that rate,
each way by itself. It goes when the host does; one that a killed program left behind is taken
away by the next `clear`.
"""

from __future__ import annotations

import json

from . import network
from .commands import run
from .config import HostPlace, LabConfig
from .errors import LabCommandFailed, LabNotPossible

MBIT = 1_000_000
LEAST_MBIT_S, MOST_MBIT_S = 1, 100_000
# At least one packet as veth hands it over (64 KiB), and what comes in a few milliseconds: the
# kernel looks after the bucket no more often than its timer ticks.
LEAST_BURST_BYTES = 128 * 1024
BURST_S = 0.002
QUEUE_MS = 50  # how long a packet may wait, as in a switch with large buffers
KIND = "tbf"


def shape(config: LabConfig, mbit_s: int) -> None:
    """Gives every host of the lab a link of this rate, whatever it had.

    Raises LabNotPossible for a rate out of range, and where the kernel has no such filter.
    """
    if not LEAST_MBIT_S <= mbit_s <= MOST_MBIT_S:
        raise LabNotPossible(
            f"a link has {LEAST_MBIT_S} to {MOST_MBIT_S} Mbit/s, not {mbit_s}",
            code="lab-rate-out-of-range",
        )
    for place in config.known_places():
        try:
            run(shape_argv(config, place, mbit_s))
        except LabCommandFailed as error:
            clear(config)
            raise LabNotPossible(
                f"this machine cannot shape the lab's network: {error.message}",
                code="lab-shaping-not-possible",
            ) from error


def clear(config: LabConfig) -> None:
    """Takes every filter of ours away. Idempotent. Raises LabCommandFailed."""
    shaped = rates(config)
    for place in config.known_places():
        if shaped.get(place.name) is not None:
            run([*_tc(config), "qdisc", "delete", "dev", network.port_of(place), "root"])


def rates(config: LabConfig) -> dict[str, int | None]:
    """Mbit/s of every host's link; None for one that is not shaped. Raises LabCommandFailed."""
    found = parse_rates(run([*_tc(config), "-json", "qdisc", "show"]))
    return {place.name: found.get(network.port_of(place)) for place in config.known_places()}


def shape_argv(config: LabConfig, place: HostPlace, mbit_s: int) -> list[str]:
    return [
        *(*_tc(config), "qdisc", "replace", "dev", network.port_of(place), "root", KIND),
        *("rate", f"{mbit_s}mbit", "burst", str(burst_bytes(mbit_s)), "latency", f"{QUEUE_MS}ms"),
    ]


def burst_bytes(mbit_s: int) -> int:
    return max(LEAST_BURST_BYTES, int(mbit_s * MBIT / 8 * BURST_S))


def parse_rates(text: str) -> dict[str, int]:
    """Mbit/s by interface, from `tc -json qdisc show`."""
    return {
        qdisc["dev"]: round(qdisc["options"]["rate"] * 8 / MBIT)
        for qdisc in json.loads(text or "[]")
        if qdisc.get("kind") == KIND
    }


def _tc(config: LabConfig) -> list[str]:
    return ["tc", "-n", config.group]
