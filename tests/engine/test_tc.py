"""How tc is called for a slower link, and what is read from its output."""

import pytest

from migrations_app.engine.tools import tc
from migrations_app.engine.tools.tc import Shape

# As iproute2 6.15 prints it on a lab host.
ROUTE = '[{"dst":"10.99.0.2","dev":"host0","prefsrc":"10.99.0.1","flags":[],"uid":0,"cache":[]}]'
LOCAL = '[{"type":"local","dst":"10.99.0.1","dev":"lo","prefsrc":"10.99.0.1","flags":["local"]}]'
KERNELS = '[{"kind":"noqueue","handle":"0:","root":true,"refcnt":2,"options":{}}]'
OURS = (
    '[{"kind":"htb","handle":"6d6c:","root":true,"refcnt":3,"options":{"r2q":10}},'
    '{"kind":"bfifo","handle":"6d6d:","parent":"6d6c:1","options":{"limit":625000}}]'
)
FOREIGN = '[{"kind":"fq","handle":"8001:","root":true,"refcnt":2,"options":{}}]'
MANY = (
    '[{"kind":"mq","handle":"0:","root":true,"options":{}},'
    '{"kind":"fq_codel","handle":"0:","parent":":2","options":{}}]'
)


@pytest.mark.parametrize(
    ("text", "interface"),
    [(ROUTE, "host0"), (LOCAL, None), ("", None), ("RTNETLINK answers", None)],
)
def test_interface_on_the_way_is_read_and_this_host_itself_is_none(text, interface):
    assert tc.parse_route(text) == interface


@pytest.mark.parametrize(
    ("text", "kernels", "ours"),
    [(KERNELS, True, False), (MANY, True, False), (OURS, False, True), (FOREIGN, False, False)],
)
def test_queue_at_the_root_tells_whose_it_is(text, kernels, ours):
    root = tc.parse_root(text)
    assert (root.is_kernels, root.is_ours) == (kernels, ours)


def test_nothing_at_the_root_is_none():
    assert tc.parse_root("[]") is None and tc.parse_root("Cannot find device") is None


def test_only_what_goes_to_the_peer_passes_the_class():
    argvs = tc.to_peer_argvs("host0", "10.99.0.2", Shape(rate_mbit_s=100))
    assert [" ".join(argv) for argv in argvs] == [
        "tc qdisc add dev host0 root handle 6d6c: htb",
        "tc class add dev host0 parent 6d6c: classid 6d6c:1 htb rate 100mbit burst 25000"
        " cburst 25000 quantum 60000",
        "tc qdisc add dev host0 parent 6d6c:1 handle 6d6d: bfifo limit 625000",
        "tc filter add dev host0 parent 6d6c: protocol ip prio 1"
        " u32 match ip dst 10.99.0.2/32 flowid 6d6c:1",
    ]


def test_a_peer_of_the_sixth_protocol_has_its_own_filter():
    (*_, last) = tc.to_peer_argvs("eth0", "fd00::2", Shape(rate_mbit_s=10))
    assert "protocol ipv6 prio 1 u32 match ip6 dst fd00::2/128" in " ".join(last)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(rate_mbit_s=100), ["root handle 6d6c: tbf rate 100mbit burst 25000 limit 625000"]),
        (Shape(delay_ms=20), ["root handle 6d6c: netem limit 583333 delay 20ms"]),
        (Shape(loss_percent=0.5), ["root handle 6d6c: netem limit 416666 loss 0.5%"]),
        (
            Shape(100, 20, 1.0),
            [
                "root handle 6d6c: netem limit 1000 delay 20ms loss 1%",
                "parent 6d6c:1 handle 6d6d: tbf rate 100mbit burst 25000 limit 625000",
            ],
        ),
    ],
)
def test_a_kernel_without_classes_slows_down_the_whole_interface(shape, expected):
    argvs = tc.whole_argvs("eth0", shape)
    assert [" ".join(argv) for argv in argvs] == [
        f"tc qdisc add dev eth0 {one}" for one in expected
    ]


def test_delay_to_the_peer_alone_waits_behind_a_class_that_slows_nothing():
    _root, rate, late, _filter = tc.to_peer_argvs("eth0", "10.0.0.2", Shape(delay_ms=20))
    assert f"{tc.UNSLOWED_MBIT_S}mbit" in rate and late[-2:] == ["delay", "20ms"]


@pytest.mark.parametrize("rate", [1, 10, 1000, 100_000])
def test_a_frame_always_fits_and_a_queue_is_as_long_as_it_takes(rate):
    assert tc.burst_bytes(rate) >= 9000 and tc.queue_bytes(rate) > tc.burst_bytes(rate)
