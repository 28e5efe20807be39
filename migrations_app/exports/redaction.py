"""A document without host names, addresses, people, paths, identifiers and keys.

Every text goes through the scrubber, whatever key it stands under, so that a key added later is
not forgotten; only codes of the program's own vocabulary and moments pass as they are. Facts are
kept by a list (shape.Environment), logs are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, cast

from .scrub import PATH, Scrubber
from .shape import Cell, Document, Experiment, Run
from .vocabulary import CODES, KEYS

HOST = "host-"  # and a letter: host-A
LEFT_OUT = "…"
# Options whose value says something of a host, a network or a person, or may be a secret.
TELLING = (
    frozenset(
        ["-e", "--env", "--env-file", "-l", "--label", "-u", "--user", "-v", "--volume", "--mount"]
    )
    | frozenset(
        ["-h", "--hostname", "--network", "--ip", "--ip6", "--mac-address", "--add-host", "--dns"]
    )
    | frozenset(["-w", "--workdir", "--security-opt", "--log-opt", "--entrypoint"])
)


@dataclass(frozen=True)
class Names:
    """What the site knows by name. `hosts`: for each host all that names it, its own name first."""

    hosts: Sequence[Sequence[str]] = ()
    people: Sequence[str] = ()


def redacted(document: Document, names: Names) -> Document:
    """A new document; the hosts of its runs are called host-A, host-B, … in their order."""
    labels = _labels(document, names)
    scrub = Scrubber(_aliases(labels, names), tuple(names.people))
    runs = [_run(run, labels, scrub) for run in document["runs"]]
    told = document["experiment"]
    experiment = _experiment(told, labels, scrub) if told else None
    clean = _clean({**document, "runs": [], "experiment": None}, scrub)
    parts = {"redacted": True, "runs": runs, "experiment": experiment}
    return cast(Document, {**clean, **parts})


def _labels(document: Document, names: Names) -> dict[str, str]:
    """By host name: first the hosts of the grid or the runs, then all others."""
    told = document["experiment"]
    chosen = itertools.chain(*told["grid"]["pairs"]) if told else ()
    ran = (host for run in document["runs"] for host in (run["source"], run["target"]))
    others = (aliases[0] for aliases in names.hosts if aliases)
    hosts = list(dict.fromkeys([*chosen, *ran, *others]))
    taken = {alias.lower() for alias in [*hosts, *itertools.chain(*names.hosts), *names.people]}
    labels = (HOST + letters(place) for place in itertools.count())
    return dict(zip(hosts, (label for label in labels if label.lower() not in taken), strict=False))


def letters(place: int) -> str:
    """0: A, 25: Z, 26: AA."""
    more, last = divmod(place, 26)
    return (letters(more - 1) if more else "") + chr(ord("A") + last)


def _aliases(labels: dict[str, str], names: Names) -> dict[str, str]:
    known = {alias: labels[aliases[0]] for aliases in names.hosts for alias in aliases if alias}
    return known | labels


def _run(run: Run, labels: dict[str, str], scrub: Scrubber) -> Run:
    commands = [_command(command, scrub) for command in run["commands"] or ()]
    bare = {**run, "commands": None, "logs": None, "source": "", "target": ""}
    hosts = {side: labels[cast(dict[str, Any], run)[side]] for side in ("source", "target")}
    told = {
        "commands": commands if run["commands"] is not None else None,
        "warnings": [_warning(text, scrub) for text in run["warnings"]],
    }
    return cast(Run, {**cast(dict[str, Any], _clean(bare, scrub)), **hosts, **told})


def _experiment(told: Experiment, labels: dict[str, str], scrub: Scrubber) -> Experiment:
    """Hosts are levels of its factors: they are renamed there as in the runs. No notes."""
    pairs = [[labels[host] for host in pair] for pair in told["grid"]["pairs"]]
    bare: dict[str, Any] = {**told, "grid": {**told["grid"], "pairs": []}, "cells": []}
    clean = _clean({**bare, "notes": None}, scrub)
    clean["grid"]["pairs"] = pairs
    clean["cells"] = [_cell(cell, labels, scrub) for cell in told["cells"]]
    return cast(Experiment, clean)


def _cell(cell: Cell, labels: dict[str, str], scrub: Scrubber) -> dict[str, Any]:
    factors = cell["factors"]
    hosts = {"source": labels[factors["source"]], "target": labels.get(factors["target"] or "")}
    clean: dict[str, Any] = _clean(
        {**cell, "factors": {**factors, "source": "", "target": ""}}, scrub
    )
    clean["factors"].update(hosts)
    return clean


def _warning(text: str, scrub: Scrubber) -> str:
    """`code` or `code: words`; what has no code is words altogether."""
    code, colon, words = text.partition(": ")
    return f"{code}{colon}{scrub(words)}" if code in CODES else scrub(text)


def _command(command: dict[str, Any], scrub: Scrubber) -> dict[str, Any]:
    bare = {name: value for name, value in command.items() if name != "argv"}
    return {**_clean(bare, scrub), "argv": list(_argv(command.get("argv") or (), scrub))}


def _argv(argv: Sequence[str], scrub: Scrubber) -> Iterable[str]:
    """The program's name without its folder; no value of an option that tells of a host."""
    hidden = False
    for place, argument in enumerate(argv):
        option, equals, _value = argument.partition("=")
        if hidden:
            yield LEFT_OUT
        elif equals and (option in TELLING or not option.startswith("-")):
            yield f"{scrub(option)}={LEFT_OUT}"  # also NAME=VALUE: an environment's variable
        else:
            yield _program(argument, scrub) if place == 0 else scrub(argument)
        hidden = argument in TELLING


def _program(argument: str, scrub: Scrubber) -> str:
    return scrub(PurePosixPath(argument).name) or PATH


def _clean(value: Any, scrub: Scrubber) -> Any:
    """The same with every text scrubbed, names of keys as well."""
    if isinstance(value, str):
        return value if value in CODES or _is_moment(value) else scrub(value)
    if isinstance(value, dict):
        return {_key(key, scrub): _clean(inner, scrub) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner, scrub) for inner in value]
    return value


def _key(key: str, scrub: Scrubber) -> str:
    return key if key in KEYS else scrub(key)


def _is_moment(value: str) -> bool:
    """Only in full, as the document writes them; "20261129" could be a name."""
    try:
        return len(value) >= len("2026-11-29T12:00:00") and bool(datetime.fromisoformat(value))
    except ValueError:
        return False
