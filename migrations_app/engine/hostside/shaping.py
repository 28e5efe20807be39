"""The link to the other host made slower for one job, and as it was again afterwards.

Noted in the job's journal before anything is set: whoever cleans up after a crash finds it there.
A queue that somebody else put on the interface is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import tc
from . import jobs
from .fields import Fields
from .run import Runner

MOST_RATE, MOST_DELAY, MOST_LOSS = 100_000, 2000, 50  # as engine/plan.RANGES


def link_shape(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Slow down what goes to `address`, until link_clear or clean_up.

    Returns `interface`, `only_peer` (else all that leaves by it), what was set, and `said`: tc's
    own words. Raises NotPossible with code `link-not-found`, `link-taken` (a queue that is
    somebody else's stands there) or `link-not-possible`; then nothing was changed.
    """
    folder, peer, shape = fields.job_folder(), fields.address(), _shape(fields)
    interface = _interface_to(peer, runner)
    _refuse_taken(interface, folder, runner)
    jobs.note(folder, link_interface=interface)
    only_peer = _set(interface, peer, shape, runner)
    return {
        "interface": interface,
        "only_peer": only_peer,
        "rate_mbit_s": shape.rate_mbit_s,
        "delay_ms": shape.delay_ms,
        "loss_percent": shape.loss_percent,
        "said": runner(tc.tell_argv(interface), check=False, quiet=True).out.strip(),
    }


def link_clear(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The link as it was; `cleared`: whether anything of this job's stood there."""
    return {"cleared": clear(fields.job_folder(), runner)}


def clear(folder: Path, runner: Runner) -> bool:
    """What the journal says was set goes, if it is still there and ours. Raises StepFailed."""
    interface = jobs.read(folder).get("link_interface")
    if interface is None:
        return False
    there = _root(interface, runner)
    ours = there is not None and there.is_ours
    if ours:
        runner(tc.clear_argv(interface))
    jobs.note(folder, link_interface=None)
    return ours


def _shape(fields: Fields) -> tc.Shape:
    return tc.Shape(
        fields.integer("rate_mbit_s", 1, MOST_RATE) if fields.has("rate_mbit_s") else None,
        fields.integer("delay_ms", 1, MOST_DELAY) if fields.has("delay_ms") else None,
        fields.number("loss_percent", 0.01, MOST_LOSS) if fields.has("loss_percent") else None,
    )


def _interface_to(peer: str, runner: Runner) -> str:
    ran = runner(tc.route_argv(peer), check=False, quiet=True)
    interface = tc.parse_route(ran.out)
    if interface is None:
        words = ran.err.strip() or "it is this host itself"
        raise NotPossible(f"no link leads to {peer}: {words}", code="link-not-found")
    return interface


def _root(interface: str, runner: Runner) -> tc.Queue | None:
    """None also for an interface that is gone: its queue went with it."""
    return tc.parse_root(runner(tc.show_argv(interface), check=False, quiet=True).out)


def _refuse_taken(interface: str, folder: Path, runner: Runner) -> None:
    there = _root(interface, runner)
    if there is None or there.is_kernels:
        return
    if there.is_ours and not _others_with(interface, folder):
        runner(tc.clear_argv(interface))  # its journal is gone: nobody else will
        return
    owner = "another job's" if there.is_ours else "somebody else's"
    message = f"{interface} has a queue of {owner}: {there.kind} {there.handle}"
    raise NotPossible(message, code="link-taken")


def _others_with(interface: str, folder: Path) -> list[str]:
    """Other jobs whose journal says that they have shaped it."""
    others = (one for one in folder.parent.glob("*") if one.name != folder.name)
    return [one.name for one in others if jobs.read(one).get("link_interface") == interface]


def _set(interface: str, peer: str, shape: tc.Shape, runner: Runner) -> bool:
    """Whether it is for the peer alone: where the kernel has no such classes, it is for all."""
    ways = (tc.to_peer_argvs(interface, peer, shape), tc.whole_argvs(interface, shape))
    words = ""
    for number, argvs in enumerate(ways):
        try:
            for argv in argvs:
                runner(argv)
        except StepFailed as error:
            words = error.message
            _take_back(interface, runner)
        else:
            return number == 0
    raise NotPossible(f"tc cannot do it: {words}", code="link-not-possible")


def _take_back(interface: str, runner: Runner) -> None:
    there = _root(interface, runner)
    if there is not None and there.is_ours:
        runner(tc.clear_argv(interface))


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "link_clear": link_clear,
    "link_shape": link_shape,
}
