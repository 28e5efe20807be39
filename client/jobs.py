"""Hosts, workloads and jobs."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib import parse

from .site import Site, site, write_config
from .telling import ms, out, table, write
from .words import (
    EVENTS_TIMEOUT_S,
    NO_ANSWER,
    OK,
    OUTCOMES,
    OVER,
    POLL_S,
    TRIES,
    Trouble,
    say,
)


def told(job: dict[str, Any]) -> str:
    lines = [
        say("Job #{id}: {status}", id=job["id"], status=say(job["status"])),
        f"{job['workload']}  {job['source']} → {job['target']}",
        f"{job['operation']}, {job['strategy']}",
    ]
    if job.get("jobs_ahead"):
        lines.append(say("{number} jobs are ahead", number=job["jobs_ahead"]))
    if job["status"] in OVER:
        named = (
            ("stop_time_ms", "stop time"),
            ("transfer_time_ms", "transfer time"),
            ("total_time_ms", "total time"),
        )
        lines += [f"{say(title)}: {ms(job['metrics'].get(name))}" for name, title in named]
    if job["error_code"]:
        lines.append(f"{job['error_code']}: {job['error_message']}")
    return "\n".join(lines)


def login(args: argparse.Namespace) -> int:
    token = os.environ.get("MIGRATION_LAB_TOKEN") or getpass.getpass(say("Token: "))
    me = Site(args.url, token).ask("GET", "/me")
    write_config({"url": args.url, "token": token})
    out(args, me, say("Signed in as {name} ({role}).", name=me["name"], role=me["role"]))
    return OK


def hosts(args: argparse.Namespace) -> int:
    found = list(site().all("/hosts"))
    out(
        args,
        found,
        table([[one["id"], one["name"], one["state"], one["busy_with"]] for one in found]),
    )
    return OK


def workloads(args: argparse.Namespace) -> int:
    found = list(site().all("/workloads"))
    rows = [
        [one["id"], one["name"], one["state"], one["host"], one["type"], one["kind"]]
        for one in found
    ]
    out(args, found, table(rows))
    return OK


def list_jobs(args: argparse.Namespace) -> int:
    wanted = f"&status={parse.quote(args.status)}" if args.status else ""
    found = site().ask("GET", f"/jobs?limit={args.number}{wanted}")["items"]
    rows = [
        [
            f"#{one['id']}",
            say(one["status"]),
            one["workload"],
            one["source"],
            one["target"],
            one["strategy"],
            ms(one["metrics"]["stop_time_ms"]),
        ]
        for one in found
    ]
    out(args, found, table(rows))
    return OK


def show(args: argparse.Namespace) -> int:
    job = site().ask("GET", f"/jobs/{args.job}")
    out(args, job, told(job))
    return OK


def launch(args: argparse.Namespace) -> int:
    here = site()
    asked = {
        "workload": here.named("workload", args.workload),
        "target": here.named("host", args.target) if args.target else None,
        "operation": args.operation,
        "strategy": args.strategy,
        "options": dict(map(option, args.option)),
    }
    # Should the answer be lost, the same command with the same key does not launch twice.
    job = here.ask("POST", "/jobs", asked, **{"Idempotency-Key": args.key or str(uuid.uuid4())})
    if not args.wait:
        out(args, job, told(job))
        return OK
    return finish(args, here, job["id"], args.limit)


def option(text: str) -> tuple[str, Any]:
    """name=value: true, false, null, a whole number, or a word."""
    name, _equals, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def wait(args: argparse.Namespace) -> int:
    return finish(args, site(), args.job, args.limit)


def finish(args: argparse.Namespace, here: Site, job_id: int, limit_s: float) -> int:
    """Waits for the end; the exit status says which it was."""
    deadline = time.monotonic() + limit_s
    while True:
        job = here.ask("GET", f"/jobs/{job_id}")
        if job["status"] in OVER or job["status"] == "in_doubt":
            out(args, job, told(job))
            return OUTCOMES[job["status"]]
        if time.monotonic() > deadline:
            raise Trouble(say("It has not ended in time."), NO_ANSWER)
        time.sleep(POLL_S)


def watch(args: argparse.Namespace) -> int:
    """Tells what happens until the end; by asking now and then where there is no stream."""
    here = site()
    for kind, data in events(here, args.job):
        line = (
            json.dumps({"event": kind, **data}, ensure_ascii=False)
            if args.json
            else event_text(kind, data)
        )
        if line:
            print(line, flush=True)
    return finish(args, here, args.job, args.limit)


def event_text(kind: str, data: dict[str, Any]) -> str | None:
    if kind == "status":
        return say(str(data.get("status")))
    if kind == "phase-started":
        return f"{data.get('name')} ({data.get('side')}): {say('begins')}"
    if kind == "phase-ended" and data.get("duration_ms") is not None:
        return f"{data.get('name')} ({data.get('side')}): " + say(
            "ends after {ms} ms", ms=round(data["duration_ms"])
        )
    return None


def events(here: Site, job_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events of the stream until `done`; after a lost connection from where it broke off."""
    last, pause, tries = "", 0.5, 0
    while tries < TRIES:
        try:
            headers = {"Last-Event-ID": last} if last else {}
            with here.open(
                "GET", f"/jobs/{job_id}/events", timeout=EVENTS_TIMEOUT_S, **headers
            ) as stream:
                if stream.status == 204:
                    return
                for last, kind, data in parsed(stream):  # noqa: B007  where to go on from
                    tries, pause = 0, 0.5
                    if kind == "done":
                        return
                    yield kind, data
        except (OSError, ValueError):
            pass  # the connection broke: it is taken up again below
        except Trouble as trouble:
            if trouble.status != NO_ANSWER:
                raise
        tries += 1
        time.sleep(pause)
        pause *= 2


def parsed(lines: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(id, type, data) of each event, as the HTML standard writes them."""
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line:
            name, _colon, value = line.partition(":")
            fields[name] = value[1:] if value.startswith(" ") else value
        elif "data" in fields:
            yield fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"])
            fields = {}


def cancel(args: argparse.Namespace) -> int:
    job = site().ask("POST", f"/jobs/{args.job}/cancel")
    out(args, job, told(job))
    return OK


def export(args: argparse.Namespace) -> int:
    """A file of the site's; without a format the engine's report, unchanged."""
    what = f"export/{args.format}" if args.format else "report"
    with site().open("GET", f"/jobs/{args.job}/{what}") as answer:
        write(args.to, answer.read())
    return OK
