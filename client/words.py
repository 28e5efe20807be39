"""What the client says, in English and Chinese."""

from __future__ import annotations

import locale
import os
from typing import Any

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
