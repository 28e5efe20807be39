"""Links to results."""

from __future__ import annotations

import argparse
from typing import Any

from .site import site
from .telling import out, table
from .words import OK, say


def share_create(args: argparse.Namespace) -> int:
    what = {"job": args.job, "experiment": args.experiment, "query": args.query}
    chosen = {name: value for name, value in what.items() if value is not None}
    made = site().ask("POST", "/shares", {**chosen, "live": args.live, "days": args.days})
    out(args, made, str(made["link"]))
    return OK


def share_list(args: argparse.Namespace) -> int:
    found = list(site().all("/shares"))
    out(args, found, table([share_row(one) for one in found]))
    return OK


def share_row(one: dict[str, Any]) -> list[Any]:
    shown = one["job"] or one["experiment"] or one["query"]
    live = say("live") if one["live"] else say("a snapshot")
    link = one["link"] or say("leads nowhere any more")
    return [one["id"], f"{one['kind']} {shown}", live, one["expires_at"][:10], link]


def share_revoke(args: argparse.Namespace) -> int:
    gone = site().ask("DELETE", f"/shares/{args.share}")
    out(args, gone, f"{gone['id']}: {say('leads nowhere any more')}")
    return OK
