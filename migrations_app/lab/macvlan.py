"""Docker's network on which containers have an address and a hardware address of their own.

It is a macvlan on the host's own interface, the same on every host of a lab: so a container that
moves keeps both, and whoever talks with it finds it where it went. Its addresses are the upper
half of the lab's subnet; hosts have the lower.
"""

from __future__ import annotations

from ipaddress import IPv4Network

import docker
from docker.errors import DockerException, NotFound
from docker.types import IPAMConfig, IPAMPool

NAME = "migration-lab"
PARENT = "host0"
DOCKER_TIMEOUT_S = 60


def addresses(subnet: IPv4Network) -> IPv4Network:
    """Those that containers may have."""
    return list(subnet.subnets(prefixlen_diff=1))[1]


def ensure_network(leader: int, subnet: IPv4Network) -> bool:
    """Makes it on the host whose process 1 is `leader`, unless it is there; whether it is now.

    A kernel without macvlan has none: then the lab does without, and what needs it is refused.
    """
    socket = f"unix:///proc/{leader}/root/run/docker.sock"
    try:
        client = docker.DockerClient(base_url=socket, timeout=DOCKER_TIMEOUT_S)
        try:
            _ensure(client, subnet)
        finally:
            client.close()
    except DockerException:
        return False
    return True


def _ensure(client: docker.DockerClient, subnet: IPv4Network) -> None:
    try:
        found = client.networks.get(NAME)
    except NotFound:
        _make(client, subnet)
        return
    pools = found.attrs["IPAM"]["Config"] or []
    if str(subnet) not in {pool.get("Subnet") for pool in pools}:
        found.remove()  # the lab has another subnet now
        _make(client, subnet)


def _make(client: docker.DockerClient, subnet: IPv4Network) -> None:
    pool = IPAMPool(subnet=str(subnet), iprange=str(addresses(subnet)), gateway=str(subnet[1]))
    client.networks.create(
        NAME,
        driver="macvlan",
        options={"parent": PARENT},
        ipam=IPAMConfig(pool_configs=[pool]),
    )
