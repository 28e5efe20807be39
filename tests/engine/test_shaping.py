"""The host's part of link shaping: what stands on the interface before, meanwhile and after."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import NotPossible
from migrations_app.engine.hostside import jobs
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.verbs import VERBS

from .kernel import DEFAULT, FOREIGN, Kernel

Ask = Callable[..., dict[str, Any]]
PEER = {"address": "10.99.0.2", "rate_mbit_s": 100}
OURS = "6d6c:"


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def ask(verb: str, kernel: Kernel, job: str = "j-1", **params: Any) -> dict[str, Any]:
        return dict(VERBS[verb](Fields({"job": job, **params}, tmp_path), kernel))

    return ask


def refusal_of(ask: Ask, kernel: Kernel, **params: Any) -> str:
    with pytest.raises(NotPossible) as refused:
        ask("link_shape", kernel, **{**PEER, **params})
    return refused.value.code


def test_what_was_set_is_told_with_the_words_of_tc(ask: Ask):
    kernel = Kernel()
    told = ask("link_shape", kernel, **PEER)
    assert kernel.root == ("htb", OURS) and kernel.parts == ["htb", "htb", "bfifo", "u32"]
    assert (told["interface"], told["only_peer"], told["rate_mbit_s"]) == ("eth0", True, 100)
    assert (told["delay_ms"], told["loss_percent"]) == (None, None)
    assert told["said"] == "qdisc htb 6d6c: root"


@pytest.mark.parametrize("lacks", ["htb", "u32"])
def test_kernel_without_classes_or_filters_slows_down_the_whole_interface(ask: Ask, lacks: str):
    kernel = Kernel(lacks=[lacks])
    assert ask("link_shape", kernel, **PEER)["only_peer"] is False
    assert (kernel.root, kernel.parts) == (("tbf", OURS), ["tbf"])


def test_delay_and_loss_are_netems(ask: Ask):
    kernel = Kernel()
    told = ask("link_shape", kernel, address="10.99.0.2", delay_ms=20, loss_percent=0.5)
    assert "netem" in kernel.parts and (told["delay_ms"], told["loss_percent"]) == (20, 0.5)


def test_kernel_that_can_do_neither_is_as_it_was_and_says_so(ask: Ask, tmp_path: Path):
    kernel = Kernel(lacks=["netem"])
    assert refusal_of(ask, kernel, delay_ms=20) == "link-not-possible"
    assert (kernel.root, kernel.parts) == (DEFAULT, [])


def test_queue_of_somebody_else_is_refused_and_left_alone(ask: Ask, tmp_path: Path):
    kernel = Kernel()
    kernel.root = FOREIGN
    assert refusal_of(ask, kernel) == "link-taken"
    ask("link_clear", kernel)
    ask("clean_up", kernel)
    assert kernel.root == FOREIGN and not (tmp_path / "jobs" / "j-1").exists()


def test_no_way_to_the_peer_is_refused(ask: Ask):
    assert refusal_of(ask, Kernel(interface=None)) == "link-not-found"
    assert refusal_of(ask, Kernel(interface="lo")) == "link-not-found"


@pytest.mark.parametrize("verb", ["link_clear", "clean_up"])
def test_the_link_is_as_it_was_after_either_verb_and_twice_does_no_harm(ask: Ask, verb: str):
    kernel = Kernel()
    ask("link_shape", kernel, **PEER)
    ask(verb, kernel)
    assert kernel.root == DEFAULT
    kernel.root = FOREIGN  # somebody's own, put there since
    ask(verb, kernel)
    assert kernel.root == FOREIGN


@pytest.mark.parametrize("kind", ["htb", "bfifo", "u32"])
def test_program_that_was_killed_while_it_set_it_has_noted_it_before(
    ask: Ask, kind: str, tmp_path: Path
):
    kernel = Kernel()
    kernel.dies_at = kind
    with pytest.raises(KeyboardInterrupt):
        ask("link_shape", kernel, **PEER)
    assert jobs.read(tmp_path / "jobs" / "j-1")["link_interface"] == "eth0"
    ask("clean_up", kernel)
    assert kernel.root == DEFAULT


def test_queue_of_another_job_that_has_not_ended_is_refused(ask: Ask):
    kernel = Kernel()
    ask("link_shape", kernel, "j-2", **PEER)
    assert refusal_of(ask, kernel) == "link-taken"
    ask("clean_up", kernel)
    assert kernel.root == ("htb", OURS)


def test_queue_of_ours_that_no_job_knows_of_is_replaced(ask: Ask):
    kernel = Kernel()
    kernel.root = ("tbf", OURS)
    assert ask("link_shape", kernel, **PEER)["only_peer"] and kernel.root == ("htb", OURS)


def test_interface_that_is_gone_or_a_host_that_was_started_anew_has_nothing_to_clear(ask: Ask):
    kernel = Kernel()
    ask("link_shape", kernel, **PEER)
    kernel.root = DEFAULT
    assert ask("link_clear", kernel) == {"cleared": False}
    ask("link_shape", kernel, **PEER)
    kernel.interface = "eth1"
    assert ask("link_clear", kernel) == {"cleared": False}


@pytest.mark.parametrize(
    "params",
    [{"address": "lab-b"}, {"rate_mbit_s": 0}, {"rate_mbit_s": 1.5}, {"loss_percent": 51}],
)
def test_what_is_out_of_range_is_refused_before_the_kernel_is_asked(ask: Ask, params):
    assert refusal_of(ask, Kernel(), **params) == "bad-request"
