"""The commands and their options."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .experiments import (
    experiment_act,
    experiment_add,
    experiment_export,
    experiment_launch,
    experiment_list,
    experiment_plan,
    experiment_results,
    experiment_show,
    experiment_watch,
)
from .jobs import cancel, export, hosts, launch, list_jobs, login, show, wait, watch, workloads
from .shares import share_create, share_list, share_revoke
from .words import OUTCOMES, VERSION, Trouble

FORMATS = ("csv", "json", "notebook", "html")
TABLES = ("trials", "cells", "runs", "phases", "rounds")
DAYS = (1, 7, 30, 365)
ACTIONS = {
    "pause": "let the trial under way end, begin no other",
    "resume": "go on",
    "cancel": "end it; what was measured is kept",
    "rerun": "run every failed trial again",
}


def command(commands: Any, name: str, run: Any, text: str, **more: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, **more)
    made.set_defaults(run=run)
    return made


def parser() -> argparse.ArgumentParser:
    about = "Migration Lab on the command line: launch, watch, wait, list, export."
    top = argparse.ArgumentParser(prog="migration-lab", description=about)
    top.add_argument("--version", action="version", version=VERSION)
    top.add_argument("--json", action="store_true", help="answers as JSON")
    commands = top.add_subparsers(dest="command", required=True)
    command(commands, "login", login, "keep address and token").add_argument("url")
    command(commands, "hosts", hosts, "hosts that you may use")
    command(commands, "workloads", workloads, "workloads that you may use")
    add_jobs(commands)
    experiments = commands.add_parser("experiment", help="plan, launch, watch, export experiments")
    add_experiments(experiments.add_subparsers(dest="action", required=True))
    shares = commands.add_parser("share", help="make, list and take back links to results")
    add_shares(shares.add_subparsers(dest="action", required=True))
    return top


def add_jobs(commands: Any) -> None:
    listed = command(commands, "list", list_jobs, "the last jobs")
    listed.add_argument("--status", choices=["queued", "running", *OUTCOMES])
    listed.add_argument("--number", type=int, default=20, help="how many, 100 at most")
    launched = command(commands, "launch", launch, "launch a job")
    launched.add_argument("workload", help="name or id")
    launched.add_argument(
        "target", nargs="?", help="host, name or id; none for one-host operations"
    )
    launched.add_argument("--operation", default="migrate")
    launched.add_argument("--strategy", default="stop-and-copy")
    launched.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    launched.add_argument("--key", help="idempotency key: the same key launches once")
    launched.add_argument("--wait", action="store_true", help="until it has ended")
    watched = command(commands, "watch", watch, "tell what happens until the end")
    waiting = command(commands, "wait", wait, "exit by outcome")
    for one in (watched, waiting):
        one.add_argument("job", type=int)
    for one in (launched, watched, waiting):
        add_limit(one, 600.0)
    command(commands, "show", show, "one job").add_argument("job", type=int)
    command(commands, "cancel", cancel, "cancel a job").add_argument("job", type=int)
    exported = command(commands, "export", export, "a job's report as JSON, or a file")
    exported.add_argument("job", type=int)
    exported.add_argument("--format", choices=FORMATS, help="none: the engine's report")
    exported.add_argument("--to", help="file; else it is printed")


def add_limit(one: argparse.ArgumentParser, seconds: float) -> None:
    one.add_argument("--limit", type=float, default=seconds, help="seconds to wait at most")


def add_experiments(commands: Any) -> None:
    planned = command(commands, "plan", experiment_plan, "how many jobs, and about how long")
    launched = command(commands, "launch", experiment_launch, "launch one", aliases=["create"])
    for one in (planned, launched):
        add_grid(one)
    launched.add_argument("--key", help="idempotency key: the same key launches once")
    launched.add_argument("--watch", action="store_true", help="until it has ended")
    listed = command(commands, "list", experiment_list, "the last experiments")
    listed.add_argument("--number", type=int, default=20, help="how many, 100 at most")
    watched = command(commands, "watch", experiment_watch, "tell how far it is until the end")
    for one in (launched, watched):
        add_limit(one, 86_400.0)
    shown = command(commands, "show", experiment_show, "one experiment")
    told = command(commands, "results", experiment_results, "its cells with their medians")
    exported = command(commands, "export", experiment_export, "everything, as a file")
    exported.add_argument("--format", choices=FORMATS, default="json")
    exported.add_argument("--table", choices=TABLES, help="of CSV; usually the trials")
    exported.add_argument("--to", help="file; else it is printed")
    added = command(commands, "add", experiment_add, "more trials of each cell")
    acts = [command(commands, name, experiment_act, text) for name, text in ACTIONS.items()]
    for one in (watched, shown, told, exported, added, *acts):
        one.add_argument("experiment", type=int)
    added.add_argument("trials", type=int)


def add_grid(one: argparse.ArgumentParser) -> None:
    """A file, or options that span a grid between two hosts."""
    one.add_argument("file", nargs="?", help="JSON as the API takes it; - reads from the terminal")
    one.add_argument("--name")
    one.add_argument("--notes")
    one.add_argument("--seed", type=int)
    one.add_argument("--cool-down-s", type=int)
    one.add_argument("--workload", action="append", metavar="TYPE[:KIND]")
    one.add_argument("--parameter", action="append", default=[], metavar="[TYPE.]NAME=1,2")
    one.add_argument("--strategy", type=lambda text: text.split(","), metavar="NAME,NAME")
    one.add_argument("--option", action="append", default=[], metavar="NAME=VALUE,VALUE")
    one.add_argument("--source", help="host, name or id")
    one.add_argument("--target", help="host, name or id")
    one.add_argument("--trials", type=int, default=5)
    one.add_argument("--warm-ups", type=int, default=0)
    one.add_argument("--controls", type=int, default=0)


def add_shares(commands: Any) -> None:
    made = command(commands, "create", share_create, "make a link and print it")
    what = made.add_mutually_exclusive_group(required=True)
    what.add_argument("--job", type=int)
    what.add_argument("--experiment", type=int)
    what.add_argument("--query", help="filters of the history: workload=cr&strategy=cold")
    made.add_argument("--live", action="store_true", help="as it is when somebody looks")
    made.add_argument("--days", type=int, choices=DAYS, default=30)
    command(commands, "list", share_list, "your links")
    command(commands, "revoke", share_revoke, "take one back").add_argument("share", type=int)


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # whatever the console's locale says
    args = parser().parse_args()
    try:
        return int(args.run(args))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return trouble.status
    except KeyboardInterrupt:
        return 130
