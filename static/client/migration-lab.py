#!/usr/bin/env python3
"""Migration Lab on the command line: launch, watch, wait, list, export. Standard library only.

Where the site is and the token come from MIGRATION_LAB_URL and MIGRATION_LAB_TOKEN, or from
~/.config/migration-lab/client.json, which `login` writes for its owner alone.
"""

from __future__ import annotations

import argparse
import getpass
import json
import locale
import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib import error
from urllib import parse
from urllib import request


# --- What the client says, in English and Chinese. ---
VERSION = "1"
API = "/api/v1"
TIMEOUT_S = 30.0
EVENTS_TIMEOUT_S = 40.0  # the site sends a sign of life every 10 s
POLL_S = 1.0  # where there is no stream of events
TRIES = 5  # to come back after a lost connection, each after twice the time
# Exit statuses: of `wait`, and of everything that fails.
OK, FAILED, WRONG, CANCELLED, IN_DOUBT, NO_ANSWER = 0, 1, 2, 3, 4, 5
OUTCOMES = {"succeeded": OK, "failed": FAILED, "cancelled": CANCELLED, "in_doubt": IN_DOUBT}
OVER = ("succeeded", "failed", "cancelled")

CHINESE = {
    "There is no token: run “login”, or set MIGRATION_LAB_TOKEN.": "没有令牌：请运行“login”，或设置 MIGRATION_LAB_TOKEN。",
    "There is no address: run “login”, or set MIGRATION_LAB_URL.": "没有地址：请运行“login”，或设置 MIGRATION_LAB_URL。",
    "{path} can be read by others: chmod 600 {path}": "{path} 可被他人读取：chmod 600 {path}",
    "The site does not answer: {reason}": "站点没有响应：{reason}",
    "This is not an answer of Migration Lab.": "这不是 Migration Lab 的应答。",
    "There is no {what} called {name}.": "没有名为 {name} 的{what}。",
    "host": "主机",
    "workload": "工作负载",
    "Signed in as {name} ({role}).": "已登录：{name}（{role}）。",
    "Job #{id}: {status}": "作业 #{id}：{status}",
    "stop time": "停机时间",
    "transfer time": "传输时间",
    "total time": "总时间",
    "not known": "未知",
    "queued": "排队中",
    "running": "运行中",
    "succeeded": "成功",
    "failed": "失败",
    "cancelled": "已取消",
    "in_doubt": "待定",
    "{number} jobs are ahead": "前面还有 {number} 个作业",
    "begins": "开始",
    "ends after {ms} ms": "结束，用时 {ms} 毫秒",
    "Token: ": "令牌：",
    "experiment": "实验",
    "Experiment {id}, “{name}”: {status}": "实验 {id}“{name}”：{status}",
    "{done} of {total} trials, {failed} failed": "{total} 次试验中已完成 {done} 次，失败 {failed} 次",
    "about {minutes} min left": "约剩 {minutes} 分钟",
    "{jobs} jobs": "{jobs} 个作业",
    "cells: {cells}, trials: {trials}, warm-up trials: {warm_ups}, control runs: {controls}": "单元：{cells}，试验：{trials}，预热：{warm_ups}，对照运行：{controls}",
    "about {minutes} min, judging by former runs": "按以往的运行估计约需 {minutes} 分钟",
    "how long it takes is not known of {number} of them": "其中 {number} 个所需时间未知",
    "cell": "单元",
    "failures": "失败",
    "median": "中位数",
    "95 % interval": "95 % 置信区间",
    "paused": "已暂停",
    "finished": "已结束",
    "control": "对照运行",
    "The grid can't be read: {reason}": "无法读取网格：{reason}",
    "Give a file, or at least --workload, --strategy, --source and --target.": "请给出文件，或至少给出 --workload、--strategy、--source 和 --target。",
    "leads nowhere any more": "已失效",
    "live": "实时",
    "a snapshot": "快照",
    "It has not ended in time.": "未在规定时间内结束。",
}


def is_chinese() -> bool:
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return (named or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese"))


def say(text: str, **values: Any) -> str:
    known = CHINESE.get(text, text) if is_chinese() else text
    return known.format(**values) if values else known


class Trouble(Exception):
    """Ends the program with this message and status."""

    def __init__(self, text: str, status: int = WRONG) -> None:
        super().__init__(text)
        self.status = status


# --- Where the site is, as whom, and its API. ---
def config_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "migration-lab" / "client.json"


def read_config() -> dict[str, str]:
    path = config_path()
    if not path.exists():
        return {}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Trouble(say("{path} can be read by others: chmod 600 {path}", path=path))
    return json.loads(path.read_text(encoding="utf-8"))


def write_config(values: dict[str, str]) -> None:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)


class Site:
    """Calls of the API."""

    def __init__(self, url: str, token: str) -> None:
        self.base = url.rstrip("/") + API
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Accept-Language": "zh-hans" if is_chinese() else "en",
            "User-Agent": f"migration-lab-client/{VERSION}",
        }

    def open(
        self, method: str, path: str, body: Any = None, timeout: float = TIMEOUT_S, **headers: str
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        asked = request.Request(self.base + path, data, {**self.headers, **headers}, method=method)
        try:
            return request.urlopen(asked, timeout=timeout)
        except error.HTTPError as answer:
            raise _problem(answer) from answer
        except (error.URLError, TimeoutError, ConnectionError) as reason:
            raise Trouble(
                say("The site does not answer: {reason}", reason=reason), NO_ANSWER
            ) from reason

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        with self.open(method, path, body, **headers) as answer:
            text = answer.read()
        try:
            return json.loads(text)
        except ValueError as wrong:
            raise Trouble(say("This is not an answer of Migration Lab.")) from wrong

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        mark, before = "&" if "?" in path else "?", ""
        while True:
            page = self.ask("GET", f"{path}{mark}limit=100{before}")
            yield from page["items"]
            if page["next"] is None:
                return
            before = f"&before={page['next']}"

    def named(self, what: str, name: str) -> int:
        """The id of a host or workload, by its name or its id."""
        for item in self.all(f"/{what}s"):
            if name in (item["name"], str(item["id"])):
                return int(item["id"])
        raise Trouble(say("There is no {what} called {name}.", what=say(what), name=name))


def _problem(answer: error.HTTPError) -> Trouble:
    try:
        told = json.loads(answer.read())
        lines = [f"{told['title']} ({told['code']})", told.get("detail", ""), told.get("todo", "")]
        lines += [f"{'.'.join(one['where'])}: {one['message']}" for one in told.get("errors") or ()]
    except (ValueError, KeyError, TypeError):
        return Trouble(f"HTTP {answer.code}", NO_ANSWER if answer.code >= 500 else WRONG)
    return Trouble("\n".join(line for line in lines if line), WRONG)


def site() -> Site:
    kept = read_config()
    url = os.environ.get("MIGRATION_LAB_URL") or kept.get("url")
    token = os.environ.get("MIGRATION_LAB_TOKEN") or kept.get("token")
    if not url:
        raise Trouble(say("There is no address: run “login”, or set MIGRATION_LAB_URL."))
    if not token:
        raise Trouble(say("There is no token: run “login”, or set MIGRATION_LAB_TOKEN."))
    return Site(url, token)


# --- How answers are printed. ---
def out(args: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2) if args.json else text)


def table(rows: list[list[Any]]) -> str:
    texts = [[str("" if cell is None else cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in texts
    )


def ms(value: Any) -> str:
    return say("not known") if value is None else f"{value:.0f} ms"


def write(path: str | None, data: bytes) -> None:
    """Into a file, or to the terminal."""
    if path:
        Path(path).write_bytes(data)
    else:
        sys.stdout.write(data.decode("utf-8").rstrip("\n") + "\n")


# --- Hosts, workloads and jobs. ---
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


# --- Experiments. ---
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


# --- Links to results. ---
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


# --- The commands and their options. ---
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


if __name__ == "__main__":
    sys.exit(main())
