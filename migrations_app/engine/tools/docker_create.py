"""From what `docker inspect` says of a container to the call that makes another like it: pure.

Docker's own interface (POST /containers/create, Docker Engine API) takes `Config` and `HostConfig`
in the very form in which inspect shows them, so that all of it goes along, also what the command
line has no option for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .docker import Container

NO_RESTART = {"Name": "no", "MaximumRetryCount": 0}
BUILT_IN = ("bridge", "default", "host", "none", "")  # networks that every Docker has
# Of the container that it was, not of what it is.
_NOT_CARRIED = {"ContainerIDFile": "", "VolumesFrom": None, "RestartPolicy": NO_RESTART}


def create_body(source: Container, image: str, runtime: str | None = None) -> dict[str, Any]:
    """What to send; the policy of restarts comes later. runtime None: Docker's default.

    `image` as the target knows it. Volumes are those of the source by their names, also those
    that have none but a number: what mounts them stands in `Mounts`, whoever asked for it.
    """
    config = {key: value for key, value in source.config.items() if key != "MacAddress"}
    own = {**_NOT_CARRIED, "Binds": binds(source) or None, "Runtime": runtime or ""}
    return {
        **config,
        "Image": image,
        "HostConfig": {**source.host_config, **own},
        "NetworkingConfig": {"EndpointsConfig": endpoints(source)},
    }


def binds(source: Container) -> list[str]:
    """As they were asked for, and every volume that is mounted without having been asked for."""
    asked = list(source.host_config.get("Binds") or [])
    named = {text.split(":")[1] for text in asked if ":" in text}
    named |= {mount["Target"] for mount in source.host_config.get("Mounts") or []}
    for mount in source.mounts:
        if mount["Type"] == "volume" and mount["Destination"] not in named:
            mode = "" if mount.get("RW", True) else ":ro"
            asked.append(f"{mount['Name']}:{mount['Destination']}{mode}")
    return asked


def endpoints(source: Container) -> dict[str, Any]:
    """By network; what Docker gave it by itself it will give it again."""
    own = {name: net for name, net in source.networks.items() if name not in BUILT_IN}
    return {name: _endpoint(source, net) for name, net in own.items()}


def _endpoint(source: Container, network: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"IPAMConfig": network.get("IPAMConfig"), "DriverOpts": network.get("DriverOpts")}
    aliases = [one for one in network.get("Aliases") or [] if one != source.id[:12]]
    if aliases:
        kept["Aliases"] = aliases
    # Who has an address of its own is known by it: then its hardware address goes along, too.
    if source.config.get("MacAddress") or fixed_address(network):
        kept["MacAddress"] = network.get("MacAddress") or source.config.get("MacAddress")
    return kept


def fixed_address(network: Mapping[str, Any]) -> str | None:
    """The address that it was asked to have there."""
    asked = network.get("IPAMConfig") or {}
    return asked.get("IPv4Address") or asked.get("IPv6Address") or None


def networks(source: Container) -> dict[str, str | None]:
    """Networks that the target must have, each with the address that must be free on it."""
    own = {name: net for name, net in source.networks.items() if name not in BUILT_IN}
    return {name: fixed_address(net) for name, net in own.items()}


def volumes(source: Container) -> list[str]:
    """Names of its volumes, each once."""
    return sorted({one["Name"] for one in source.mounts if one["Type"] == "volume"})


def bind_mounts(source: Container) -> list[Mapping[str, Any]]:
    """What of the host itself is mounted into it."""
    return [one for one in source.mounts if one["Type"] == "bind"]


def ports(source: Container) -> list[str]:
    """Published ports that somebody chose, as `ADDRESS port/protocol`; address may be empty."""
    return sorted(set(_ports(source.host_config.get("PortBindings") or {})))


def _ports(bindings: Mapping[str, Any]) -> Iterator[str]:
    for inside, outside in bindings.items():
        protocol = inside.partition("/")[2] or "tcp"
        for one in outside or []:
            if one.get("HostPort", "").isdigit() and one["HostPort"] != "0":
                yield f"{one.get('HostIp', '')} {one['HostPort']}/{protocol}"


def restart_policy(source: Container) -> dict[str, Any]:
    """Name (no, always, unless-stopped, on-failure) and MaximumRetryCount."""
    return dict(source.host_config.get("RestartPolicy") or NO_RESTART)


def restarts(policy: Mapping[str, Any]) -> bool:
    return policy.get("Name") not in (None, "", "no")


def restart_word(policy: Mapping[str, Any]) -> str:
    """As `docker update --restart` takes it."""
    name, most = policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0
    return f"{name}:{most}" if name == "on-failure" and most else str(name)


def restart_argv(name: str, word: str) -> list[str]:
    return ["docker", "update", "--restart", word, name]
