"""The lab's network: a namespace with one bridge, and one cable from there to this machine.

A namespace of its own keeps the lab out of the machine's firewall (a Docker daemon sets the
FORWARD policy to DROP, and with bridge-nf-call-iptables that cuts a plain bridge as well) and
the lab's interfaces out of the machine's names. Nothing is routed: traffic stays in the lab.

    this machine                    namespace migration-lab-INSTANCE
    mlab-INSTANCE (.1) ===========  uplink --+
                                    vb-…-a --+-- bridge lab0
                                    vb-…-b --+
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from pathlib import Path

from .commands import run, succeeds
from .config import HostPlace, LabConfig
from .errors import LabCommandFailed, LabNotPossible

BRIDGE = "lab0"
UPLINK = "uplink"
POOL = IPv4Network("10.212.0.0/14")  # a corner of 10/8 that few networks use
PREFIX = 24


def choose_subnet(instance: str, taken: Iterable[IPv4Network]) -> IPv4Network:
    """A free subnet for the instance: the one its name points at, or the next that is free.

    Raises LabNotPossible when none is.
    """
    in_use = list(taken)
    candidates = list(POOL.subnets(new_prefix=PREFIX))
    start = zlib.crc32(instance.encode()) % len(candidates)
    for candidate in candidates[start:] + candidates[:start]:
        if not any(candidate.overlaps(network) for network in in_use):
            return candidate
    raise LabNotPossible(f"every subnet of {POOL} is in use", code="lab-no-free-subnet")


def taken_subnets(own_interface: str) -> list[IPv4Network]:
    """What this machine's addresses and routes use, but for the lab's own interface."""
    addresses = run(["ip", "-json", "-4", "address", "show"])
    routes = run(["ip", "-json", "-4", "route", "show", "table", "all"])
    return parse_addresses(addresses, own_interface) + parse_routes(routes, own_interface)


def parse_addresses(text: str, own_interface: str) -> list[IPv4Network]:
    """Networks in `ip -json address`."""
    return [
        IPv4Network(f"{info['local']}/{info['prefixlen']}", strict=False)
        for link in json.loads(text or "[]")
        if link.get("ifname") != own_interface
        for info in link.get("addr_info", [])
    ]


def parse_routes(text: str, own_interface: str) -> list[IPv4Network]:
    """Networks in `ip -json route`, without the default routes: those overlap everything."""
    found = []
    for route in json.loads(text or "[]"):
        if route.get("dev") == own_interface or route.get("dst") == "default":
            continue
        try:
            network = IPv4Network(route["dst"], strict=False)
        except (AddressValueError, NetmaskValueError, KeyError):
            continue  # a route by something else than an address
        if network.prefixlen > 0:
            found.append(network)
    return found


def port_of(place: HostPlace) -> str:
    """The bridge's port that the host hangs on, as systemd-nspawn names it."""
    return f"vb-{place.machine}"


def build_argvs(config: LabConfig, subnet: IPv4Network) -> list[list[str]]:
    """The commands that make the network, in order."""
    inside = ["ip", "-n", config.group]
    gateway = f"{subnet[1]}/{subnet.prefixlen}"
    return [
        ["ip", "netns", "add", config.group],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "link", "add", BRIDGE, "type", "bridge"],
        [*inside, "link", "set", BRIDGE, "up"],
        [
            *("ip", "link", "add", config.uplink, "type", "veth"),
            *("peer", "name", UPLINK, "netns", config.group),
        ],
        [*inside, "link", "set", UPLINK, "master", BRIDGE, "up"],
        ["ip", "address", "add", gateway, "dev", config.uplink],
        ["ip", "link", "set", config.uplink, "up"],
    ]


def tear_down_argvs(config: LabConfig) -> list[list[str]]:
    """The commands that remove it; each may find nothing to remove."""
    return [
        ["ip", "link", "delete", config.uplink],
        ["ip", "netns", "delete", config.group],
    ]


def is_whole(config: LabConfig, subnet: IPv4Network) -> bool:
    """Whether the network stands as `build` leaves it."""
    if not namespace_path(config).exists():
        return False
    parts: Sequence[list[str]] = (
        ["ip", "-n", config.group, "link", "show", BRIDGE],
        ["ip", "-n", config.group, "link", "show", UPLINK],
    )
    return all(map(succeeds, parts)) and str(subnet[1]) in _uplink_addresses(config)


def _uplink_addresses(config: LabConfig) -> list[str]:
    try:
        text = run(["ip", "-json", "-4", "address", "show", "dev", config.uplink, "up"])
    except LabCommandFailed:
        return []
    return [info["local"] for link in json.loads(text) for info in link.get("addr_info", [])]


def build(config: LabConfig, subnet: IPv4Network) -> None:
    """Makes the network anew. Raises LabCommandFailed."""
    tear_down(config)
    for argv in build_argvs(config, subnet):
        run(argv)


def tear_down(config: LabConfig) -> None:
    for argv in tear_down_argvs(config):
        succeeds(argv)


def namespace_path(config: LabConfig) -> Path:
    return Path("/run/netns") / config.group
