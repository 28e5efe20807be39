"""Whether a container from another host fits here: asked before anything is made or frozen."""

from __future__ import annotations

import errno
import ipaddress
import json
import re
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible
from . import volumes
from .containers import docker_root
from .fields import Fields
from .run import Runner

MARGIN_BYTES = 64 << 20
_PORT = re.compile(r"([0-9a-fA-F.:]*) ([0-9]{1,5})/(tcp|udp|sctp)")
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def container_fits(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`occupied`: those of `volumes` that are here and not empty.

    ports: `ADDRESS port/protocol`; networks, and addresses (JSON, by network; null: any);
    image_bytes, if the image is still to come; files_bytes. Raises NotPossible with code
    `port-taken`, `network-missing`, `network-differs`, `address-taken`, `volume-driver`,
    `target-no-room`.
    """
    for port in fields.strings("ports"):
        _refuse_taken_port(port)
    for network, address in fields.mapping("networks").items():
        found = _refuse_network(str(network), address, runner)
        if fields.flag("own_hardware_address") and address is not None:
            _refuse_shared(found)
    occupied = [name for name in fields.volumes() if _occupied(name, runner)]
    _refuse_no_room(fields)
    return {"occupied": occupied}


def _refuse_taken_port(text: str) -> None:
    found = _PORT.fullmatch(text)
    if not found:
        raise NotPossible("a port is not one", code="bad-request")
    address, port, protocol = found[1], int(found[2]), found[3]
    if protocol not in _KINDS:
        return  # Docker itself will tell
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, _KINDS[protocol]) as probe:
        if protocol == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had: {error}"
            message = f"port {port}/{protocol} of {address or 'every address'} {why} on the target"
            raise NotPossible(message, code="port-taken") from error


def _refuse_network(name: str, address: object, runner: Runner) -> Mapping[str, Any]:
    """Docker's network of that name."""
    Fields({"volume": name}).volume()  # as a name; the same letters are allowed
    ran = runner(["docker", "network", "inspect", name], check=False, quiet=True)
    if ran.status != 0:
        message = f"there is no network {name} on the target: make it there"
        raise NotPossible(message, code="network-missing")
    network: Mapping[str, Any] = json.loads(ran.out)[0]
    if address is None:
        return network
    problem = address_problem(network, str(address))
    if problem:
        raise NotPossible(problem[1], code=problem[0])
    if _is_ours(str(address)):
        message = f"{address} is an address of the target host itself"
        raise NotPossible(message, code="address-taken")
    return network


def _refuse_shared(network: Mapping[str, Any]) -> None:
    """Behind a bridge of the host a connection belongs to that host's own address."""
    if network.get("Driver") not in ("macvlan", "ipvlan"):
        message = f"{network['Name']} on the target is no macvlan network: connections stay behind"
        raise NotPossible(message, code="tcp-needs-macvlan")


def address_problem(network: Mapping[str, Any], address: str) -> tuple[str, str] | None:
    """Code and message of why a container cannot have this address on a network of the target."""
    name, wanted = network["Name"], ipaddress.ip_address(address)
    subnets = [one["Subnet"] for one in network["IPAM"].get("Config") or [] if one.get("Subnet")]
    if not any(wanted in ipaddress.ip_network(one, strict=False) for one in subnets):
        message = f"{address} lies in none of the target's subnets of {name}: {', '.join(subnets)}"
        return "network-differs", message
    gateways = {one.get("Gateway") for one in network["IPAM"].get("Config") or []}
    for user in (network.get("Containers") or {}).values():
        taken = (user.get("IPv4Address") or "", user.get("IPv6Address") or "")
        if address in {one.partition("/")[0] for one in taken}:
            message = f"{address} on {name} is in use by {user.get('Name')} on the target"
            return "address-taken", message
    if address in gateways:
        return "address-taken", f"{address} is the gateway of {name} on the target"
    return None


def _is_ours(address: str) -> bool:
    """Only an address of this host can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _occupied(name: str, runner: Runner) -> bool:
    volume = volumes.inspect(name, runner)
    if volume is None:
        return False
    if not volumes.plain(volume):
        message = f"the volume {name} of the target is not a plain folder there"
        raise NotPossible(message, code="volume-driver")
    return not volumes.is_empty(volume["Mountpoint"])


def _refuse_no_room(fields: Fields) -> None:
    """`docker load` unpacks an image beside the packed one; volumes have a place of their own."""
    root = Path(docker_root())
    image, files = (fields.integer(name, 0, 2**60) for name in ("image_bytes", "files_bytes"))
    in_volumes = fields.integer("volumes_bytes", 0, 2**60)
    wanted = {root: 2 * image + files, root / "tmp": image, root / "volumes": in_volumes}
    for place, size in wanted.items():
        if not size or not place.is_dir():
            continue
        free = shutil.disk_usage(place).free
        if free < size + MARGIN_BYTES:
            needed = (size + MARGIN_BYTES) >> 20
            message = f"{place} on the target has {free >> 20} MiB free, {needed} are needed"
            raise NotPossible(message, code="target-no-room")


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "container_fits": container_fits,
}
