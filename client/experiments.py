"""Experiments."""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from .jobs import option
from .site import Site, site
from .telling import ms, out, table, write
from .words import CANCELLED, FAILED, NO_ANSWER, OK, Trouble, say

CONTENTS = "cells: {cells}, trials: {trials}, warm-up trials: {warm_ups}, control runs: {controls}"
SETTLED = ("finished", "cancelled", "paused")  # nothing goes on by itself
EXPERIMENT_POLL_S = 2.0


# What is asked for: a file as the API takes it, hosts by name or id, or options.
def experiment_asked(args: argparse.Namespace, here: Site) -> dict[str, Any]:
    body = experiment_file(args.file) if args.file else experiment_of_options(args)
    for name in ("name", "notes", "seed", "cool_down_s"):
        if getattr(args, name) is not None:
            body[name] = getattr(args, name)
    grid = body.get("grid")
    if not isinstance(grid, dict) or not isinstance(grid.get("pairs"), list):
        raise Trouble(say("The grid can't be read: {reason}", reason="grid, pairs"))
    ids = {one["name"]: one["id"] for one in here.all("/hosts")}
    pairs = [[host_id(ids, host) for host in pair] for pair in grid["pairs"]]
    return {**body, "grid": {**grid, "pairs": pairs}}


def experiment_file(path: str) -> dict[str, Any]:
    """`-` is standard input."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        read = json.loads(text)
    except (OSError, ValueError) as reason:
        raise Trouble(say("The grid can't be read: {reason}", reason=reason)) from reason
    if not isinstance(read, dict):
        raise Trouble(say("The grid can't be read: {reason}", reason="{}"))
    return read


def experiment_of_options(args: argparse.Namespace) -> dict[str, Any]:
    if not (args.workload and args.strategy and args.source and args.target):
        needed = "Give a file, or at least --workload, --strategy, --source and --target."
        raise Trouble(say(needed))
    parameters = dict(levels(text) for text in args.parameter)
    return {
        "name": "+".join(args.strategy),
        "grid": {
            "workloads": [workload_axis(text, parameters) for text in args.workload],
            "strategies": args.strategy,
            "options": dict(levels(text) for text in args.option),
            "pairs": [[args.source, args.target]],
            "trials": args.trials,
            "warm_ups": args.warm_ups,
            "controls": args.controls,
        },
    }


def workload_axis(text: str, parameters: dict[str, list[Any]]) -> dict[str, Any]:
    """`memory:process`, or `memory`, a container; it takes `memory.NAME` and `NAME`."""
    type_name, _colon, kind = text.partition(":")
    mine = {}
    for name, values in parameters.items():
        owner, dot, short = name.rpartition(".")
        if not dot or owner == type_name:
            mine[short] = values
    return {"type": type_name, "kind": kind or "container", "parameters": mine}


def levels(text: str) -> tuple[str, list[Any]]:
    """NAME=1,2,3"""
    name, _equals, values = text.partition("=")
    return name, [option(f"x={value}")[1] for value in values.split(",")]


def host_id(ids: dict[str, int], host: Any) -> int:
    if host in ids:
        return ids[host]
    if str(host).isdigit():
        return int(host)
    raise Trouble(say("There is no {what} called {name}.", what=say("host"), name=host))


# What is done.
def experiment_plan(args: argparse.Namespace) -> int:
    here = site()
    body = experiment_asked(args, here)
    asked = {name: body[name] for name in ("grid", "cool_down_s") if name in body}
    plan = here.ask("POST", "/experiments/preview", asked)
    lines = [say("{jobs} jobs", **plan), say(CONTENTS, **plan)]
    if plan["seconds"] is not None:
        minutes = max(1, round(plan["seconds"] / 60))
        lines.append(say("about {minutes} min, judging by former runs", minutes=minutes))
    if plan["unknown"]:
        lines.append(
            say("how long it takes is not known of {number} of them", number=plan["unknown"])
        )
    names = ("kind", "strategy", "source", "target", "title")
    lines += [" · ".join(str(one[name]) for name in names) for one in plan["blocked"]]
    out(args, plan, "\n".join(lines))
    return FAILED if plan["blocked"] else OK


def experiment_launch(args: argparse.Namespace) -> int:
    here = site()
    body = experiment_asked(args, here)
    key = {"Idempotency-Key": args.key or str(uuid.uuid4())}
    made = here.ask("POST", "/experiments", body, **key)
    if args.watch:
        return watch_experiment(args, here, made["id"])
    out(args, made, experiment_text(made))
    return OK


def experiment_list(args: argparse.Namespace) -> int:
    found = site().ask("GET", f"/experiments?limit={args.number}")["items"]
    rows = [
        [one["id"], say(one["status"]), f"{one['done']}/{one['total']}", one["name"]]
        for one in found
    ]
    out(args, found, table(rows))
    return OK


def experiment_show(args: argparse.Namespace) -> int:
    told = site().ask("GET", f"/experiments/{args.experiment}")
    out(args, told, experiment_text(told))
    return OK


def experiment_text(told: dict[str, Any]) -> str:
    values = {"id": told["id"], "name": told["name"], "status": say(told["status"])}
    lines = [say("Experiment {id}, “{name}”: {status}", **values), progress_text(told)]
    return "\n".join(lines)


def progress_text(told: dict[str, Any]) -> str:
    text = say("{done} of {total} trials, {failed} failed", **told)
    left = told.get("seconds_left")
    if left and told["status"] == "running":
        text += ", " + say("about {minutes} min left", minutes=max(1, round(left / 60)))
    return text


def experiment_watch(args: argparse.Namespace) -> int:
    return watch_experiment(args, site(), args.experiment)


def watch_experiment(args: argparse.Namespace, here: Site, pk: int) -> int:
    """A line for every trial that has ended, until nothing goes on by itself any more."""
    deadline, before = time.monotonic() + args.limit, None
    while True:
        told = here.ask("GET", f"/experiments/{pk}")
        settled = told["status"] in SETTLED and not told["under_way"]
        if told["done"] != before and not (args.json or settled):
            print(progress_text(told), flush=True)
        before = told["done"]
        if settled:
            out(args, told, experiment_text(told))
            return experiment_outcome(told)
        if time.monotonic() > deadline:
            raise Trouble(say("It has not ended in time."), NO_ANSWER)
        time.sleep(EXPERIMENT_POLL_S)


def experiment_outcome(told: dict[str, Any]) -> int:
    """1 also for one that is paused: it has not come to its end."""
    if told["status"] == "cancelled":
        return CANCELLED
    return FAILED if told["failed"] or told["status"] == "paused" else OK


def experiment_act(args: argparse.Namespace) -> int:
    """Pauses, resumes, cancels, or runs the failed ones again: the command's own name."""
    told = site().ask("POST", f"/experiments/{args.experiment}/{args.action}")
    out(args, told, experiment_text(told))
    return OK


def experiment_add(args: argparse.Namespace) -> int:
    asked = {"trials": args.trials}
    told = site().ask("POST", f"/experiments/{args.experiment}/trials", asked)
    out(args, told, experiment_text(told))
    return OK


def experiment_results(args: argparse.Namespace) -> int:
    """A line for each cell: n, failures, median and interval of the stop time."""
    told = site().ask("GET", f"/experiments/{args.experiment}/results")
    head = [say("cell"), "n", say("failures"), say("median"), say("95 % interval")]
    out(args, told, table([head, *(cell_row(cell) for cell in told["cells"])]))
    return OK


def cell_row(cell: dict[str, Any]) -> list[Any]:
    factors = cell["factors"]
    words = [factors["strategy"] or say("control"), factors["type"], factors["kind"]]
    words += [f"{name}={value}" for name, value in factors["parameters"].items()]
    metric = "stop_time_ms" if cell["role"] == "trial" else "observed_gap_ms"
    known = cell["statistics"].get(metric)
    if not known:
        return [" ".join(words), 0, cell["failed"], ms(None), ""]
    ends = "" if known["low"] is None else f"{ms(known['low'])} – {ms(known['high'])}"
    return [" ".join(words), known["n"], cell["failed"], ms(known["median"]), ends]


def experiment_export(args: argparse.Namespace) -> int:
    asked = f"?table={args.table}" if args.table else ""
    path = f"/experiments/{args.experiment}/export/{args.format}{asked}"
    with site().open("GET", path) as answer:
        write(args.to, answer.read())
    return OK
