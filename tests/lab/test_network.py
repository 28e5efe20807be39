"""The choice of a subnet, and the commands that make the network."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.lab import LabConfig, LabNotPossible
from migrations_app.lab.network import (
    POOL,
    build_argvs,
    choose_subnet,
    parse_addresses,
    parse_routes,
)

ADDRESSES = """[
  {"ifname": "lo", "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
  {"ifname": "eth0", "addr_info": [{"local": "192.0.2.7", "prefixlen": 24}]},
  {"ifname": "mlab-own", "addr_info": [{"local": "10.213.5.1", "prefixlen": 24}]}, {}]"""
ROUTES = """[
  {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
  {"dst": "10.0.0.0/9", "dev": "tun0"},
  {"dst": "10.213.5.0/24", "dev": "mlab-own"},
  {"type": "local", "dst": "192.0.2.7", "dev": "eth0", "table": "local"},
  {"dst": "0.0.0.0/0", "dev": "eth1"}, {"dst": "nonsense"}]"""


def test_a_subnet_follows_from_the_name() -> None:
    assert choose_subnet("one", []) == choose_subnet("one", [])
    assert choose_subnet("one", []) != choose_subnet("two", [])


def test_the_next_free_subnet_is_taken_on_a_collision() -> None:
    first = choose_subnet("one", [])
    second = choose_subnet("one", [first])
    assert not second.overlaps(first)


@given(st.lists(st.integers(0, 1023), max_size=40), st.text("abc123", min_size=1, max_size=10))
def test_what_is_chosen_overlaps_nothing_in_use(used: list[int], instance: str) -> None:
    subnets = list(POOL.subnets(new_prefix=24))
    taken = [subnets[number] for number in used]
    chosen = choose_subnet(instance, taken)
    assert chosen.subnet_of(POOL)
    assert not any(chosen.overlaps(network) for network in taken)


def test_a_machine_that_uses_the_whole_pool_gets_a_clear_answer() -> None:
    with pytest.raises(LabNotPossible) as caught:
        choose_subnet("one", [IPv4Network("10.0.0.0/8")])
    assert caught.value.code == "lab-no-free-subnet"


def test_the_machines_addresses_count_but_not_the_labs_own() -> None:
    found = parse_addresses(ADDRESSES, "mlab-own")
    assert found == [IPv4Network("127.0.0.0/8"), IPv4Network("192.0.2.0/24")]


def test_routes_count_but_not_default_ones_nor_the_labs_own() -> None:
    found = parse_routes(ROUTES, "mlab-own")
    assert found == [IPv4Network("10.0.0.0/9"), IPv4Network("192.0.2.7/32")]


def test_ip_that_prints_nothing_means_nothing_in_use() -> None:
    assert parse_addresses("", "x") == []
    assert parse_routes("", "x") == []


def test_the_machine_is_number_one_of_the_subnet() -> None:
    argvs = build_argvs(LabConfig(instance="one"), IPv4Network("10.212.7.0/24"))
    assert ["ip", "address", "add", "10.212.7.1/24", "dev", "mlab-one"] in argvs
    assert argvs[0] == ["ip", "netns", "add", "migration-lab-one"]
