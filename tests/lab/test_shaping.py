"""How the lab's links are shaped: the calls, and what tc answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrations_app.lab import LabConfig, LabNotPossible, network, shaping

# As iproute2 6.15 prints it: rates in bytes a second.
QDISCS = """[{"kind":"noqueue","handle":"0:","dev":"lab0","root":true,"refcnt":2,"options":{}},
{"kind":"tbf","handle":"8001:","dev":"vb-one-a","root":true,"refcnt":3,
 "options":{"rate":125000000,"burst":262125,"lat":50000}}]"""


@pytest.fixture
def config(tmp_path: Path) -> LabConfig:
    return LabConfig(instance="one", state_root=tmp_path)


def test_a_filter_goes_on_the_hosts_port_of_the_labs_own_bridge(config: LabConfig) -> None:
    argv = shaping.shape_argv(config, config.place(0), 1000)
    assert argv[:4] == ["tc", "-n", "migration-lab-one", "qdisc"]
    assert argv[4:9] == ["replace", "dev", "vb-one-a", "root", "tbf"]
    assert argv[9:] == ["rate", "1000mbit", "burst", "250000", "latency", "50ms"]


def test_the_longest_name_of_a_lab_fits_into_the_name_of_a_port(tmp_path: Path) -> None:
    config = LabConfig(instance="a" * 10, state_root=tmp_path)
    assert len(network.port_of(config.place(0))) <= 15


def test_a_bucket_takes_a_whole_packet_even_on_a_slow_link() -> None:
    assert shaping.burst_bytes(1) > 65_536
    assert shaping.burst_bytes(10_000) == 2_500_000


def test_rates_are_read_in_the_unit_that_they_are_set_in() -> None:
    assert shaping.parse_rates(QDISCS) == {"vb-one-a": 1000}
    assert shaping.parse_rates("") == {}


@pytest.mark.parametrize("rate", [0, -1, 100_001])
def test_a_rate_out_of_range_is_refused_before_anything_is_touched(
    config: LabConfig, rate: int
) -> None:
    with pytest.raises(LabNotPossible) as caught:
        shaping.shape(config, rate)
    assert caught.value.code == "lab-rate-out-of-range"
