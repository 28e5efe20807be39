"""The command line of the bench."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from migrations_app.engine import CATALOGUE, WorkloadKind
from migrations_app.lab import DockerKind, shaping

from .cells import UNSHAPED, Contender, parse_link
from .selection import Wish

T = TypeVar("T")
TRIALS, QUICK_TRIALS = 5, 3
MOST_TRIALS = 1000
BOTH = "both"
_RANGES = {one.name: one for one in CATALOGUE["memory"].parameters}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Stop times of our strategies against Docker, podman and CRIU by hand.",
    )
    made.add_argument("--quick", action="store_true", help="1 and 256 MiB, n = 3: some six minutes")
    made.add_argument("--all", action="store_true", help="every contender in every cell")
    made.add_argument("-n", type=_trials, metavar="N", help="trials of each (default 5; quick: 3)")
    made.add_argument(
        "--docker",
        choices=[*map(str, DockerKind), BOTH],
        default="26",
        help="kind of lab hosts (default 26)",
    )
    _add_wishes(made)
    made.add_argument("--plain", action="store_true", help="stop-and-copy without encryption, too")
    made.add_argument("--seed", type=int, help="of the order of contenders (default: a new one)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    made.add_argument("--instance", metavar="NAME", help="the lab to use instead of one of its own")
    made.add_argument("--keep", action="store_true", help="leave the lab running afterwards")
    made.add_argument("--list", action="store_true", help="say what would be measured, and end")
    return made


def _add_wishes(made: argparse.ArgumentParser) -> None:
    lists: dict[str, tuple[Callable[[str], object], str]] = {
        "--contenders": (Contender, ", ".join(Contender)),
        "--kinds": (WorkloadKind, "container, process"),
        "--memory": (_in_range("memory_mib"), "MiB"),
        "--dirty": (_in_range("dirty_pages_per_s"), "pages a second"),
        "--link": (_link, f"{UNSHAPED}, 1gbit, 100mbit, …"),
    }
    for name, (of_one, words) in lists.items():
        made.add_argument(name, type=_listed(of_one), metavar="A,B", help=f"only these: {words}")


def wish_of(options: argparse.Namespace) -> Wish:
    return Wish(
        contenders=options.contenders,
        kinds=options.kinds,
        memory_mib=options.memory,
        dirty_pages_per_s=options.dirty,
        links_mbit_s=options.link,
        quick=options.quick,
        everything=options.all,
        plain=options.plain,
    )


def trials_of(options: argparse.Namespace) -> int:
    return int(options.n or (QUICK_TRIALS if options.quick else TRIALS))


def dockers_of(options: argparse.Namespace) -> list[DockerKind]:
    return list(DockerKind) if options.docker == BOTH else [DockerKind(options.docker)]


def seed_of(options: argparse.Namespace) -> int:
    return secrets.randbelow(10**6) if options.seed is None else int(options.seed)


def _trials(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_TRIALS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_TRIALS}")
    return number


def _listed(of_one: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def listed(text: str) -> tuple[T, ...]:
        try:
            return tuple(of_one(part.strip()) for part in text.split(","))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return listed


def _in_range(name: str) -> Callable[[str], int]:
    parameter = _RANGES[name]

    def number(text: str) -> int:
        value = int(text)
        if not parameter.minimum <= value <= parameter.maximum:
            raise ValueError(f"must be from {parameter.minimum} to {parameter.maximum}")
        return value

    return number


def _link(text: str) -> int | None:
    mbit_s = parse_link(text)
    if mbit_s is not None and mbit_s > shaping.MOST_MBIT_S:
        raise ValueError(f"a link has at most {shaping.MOST_MBIT_S} Mbit/s")
    return mbit_s
