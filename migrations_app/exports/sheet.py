"""A run of a document as pages and files show it, in the language in use."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.report import Side
from migrations_app.metrics import BIG, METRICS, Metric, Text
from migrations_app.option_words import OptionRow, options_of
from migrations_app.run_figures import Part, RoundRow, parts_of, rounds_of
from migrations_app.waterfall import Bar, picture
from migrations_app.waterfall import Run as Drawn
from migrations_app.words import ERRORS, PARAMETERS, WARNINGS, Explanation, explain, title_of

from . import waterfall_svg
from .redaction import HOST
from .shape import Run

ENVIRONMENT: dict[str, Text] = {
    "distribution": gettext_lazy("Distribution"),
    "kernel": gettext_lazy("Kernel"),
    "architecture": gettext_lazy("Architecture"),
    "cpu_model": gettext_lazy("Processor"),
    "cpus": gettext_lazy("Cores"),
    "memory_mib": gettext_lazy("Memory (MiB)"),
    "cgroup_version": gettext_lazy("Version of control groups"),
    "criu_version": "CRIU",
    "docker_version": "Docker",
    "docker_experimental": gettext_lazy("Docker's experimental mode"),
    "docker_storage_driver": gettext_lazy("Docker's storage driver"),
    "runc_version": "runc",
}


@dataclass(frozen=True)
class Number:
    """A metric with a run's value, None where it is not known."""

    metric: Metric
    value: float | None


@dataclass(frozen=True)
class Fact:
    """A line of both hosts' environments."""

    title: Text
    source: object
    target: object

    @property
    def differs(self) -> bool:
        return self.source != self.target


@dataclass(frozen=True)
class CommandRow:
    host: str
    phase: str
    line: str  # as it could be typed
    exit_status: int | None
    duration_ms: float


def host_name(name: str, *, redacted: bool) -> str:
    """A host as it is shown: one that was renamed for sharing in the reader's language."""
    if not redacted:
        return name
    return _("host %(letter)s") % {"letter": name.removeprefix(HOST)}


@dataclass(frozen=True)
class RunSheet:
    run: Run
    redacted: bool = False

    @property
    def source(self) -> str:
        return host_name(self.run["source"], redacted=self.redacted)

    @property
    def target(self) -> str:
        return host_name(self.run["target"], redacted=self.redacted)

    @property
    def finished_at(self) -> datetime | None:
        moment = self.run["finished_at"]
        return datetime.fromisoformat(moment) if moment else None

    @property
    def proof_passed(self) -> bool | None:
        return (self.run["proof"] or {}).get("passed")

    @property
    def big(self) -> list[Number]:
        return [Number(METRICS[name], self.run["metrics"].get(name)) for name in BIG]

    @property
    def small(self) -> list[Number]:
        """All other figures that are known."""
        rest = {name: self.run["metrics"].get(name) for name in METRICS if name not in BIG}
        return [Number(METRICS[name], value) for name, value in rest.items() if value is not None]

    @property
    def parameters(self) -> list[tuple[Text, str]]:
        """With their units, where the catalogue has the workload's type."""
        workload = self.run["workload"]
        known = CATALOGUE.get(workload["type"])
        units = {one.name: one.unit for one in known.parameters} if known else {}
        return [
            (title_of(PARAMETERS, name), f"{value} {units.get(name, '')}".strip())
            for name, value in workload["parameters"].items()
        ]

    @property
    def options(self) -> list[OptionRow]:
        return options_of(self.run["options"])

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(
                p["name"],
                p["side"],
                p["start_ms"],
                p["duration_ms"],
                p["bytes"],
                p["failed"],
                p["round"],
            )
            for p in self.run["phases"]
        ]

    @property
    def waterfall(self) -> SafeString:
        run, proof = self.run, self.run["proof"] or {}
        drawn = Drawn(
            bars=self.bars,
            operation=run["operation"],
            workload=run["workload"]["name"],
            source=self.source,
            target=self.target,
            now_ms=None,
            stop_time_ms=run["metrics"].get("stop_time_ms"),
            workload_is_on=run["workload_is_on"],
            last_before=proof.get("last_before"),
            first_after=proof.get("first_after"),
        )
        return waterfall_svg.draw(picture(drawn))

    @property
    def split(self) -> list[Part]:
        return parts_of({"stop_window": self.run["stop_window"]})

    @property
    def rounds(self) -> list[RoundRow]:
        return rounds_of({"rounds": self.run["rounds"]})

    @property
    def facts(self) -> list[Fact]:
        """Of both hosts, as far as one of them is known."""
        known: Mapping[str, Any] = self.run["environment"] or {}
        sides = [known.get(side) or {} for side in ("source", "target")]
        rows = [
            Fact(title, *(side.get(name) for side in sides)) for name, title in ENVIRONMENT.items()
        ]
        return [row for row in rows if row.source is not None or row.target is not None]

    @property
    def commands(self) -> list[CommandRow]:
        hosts = {Side.SOURCE.value: self.source, Side.TARGET.value: self.target}
        return [_command(told, hosts) for told in self.run["commands"] or ()]

    @property
    def failure(self) -> Explanation | None:
        error = self.run["error"]
        values = {"workload": self.run["workload"]["name"], "job": str(self.run["job"])}
        return explain(ERRORS, error["code"], values) if error else None

    @property
    def warnings(self) -> list[str]:
        codes = (text.partition(": ")[0] for text in self.run["warnings"])
        return [str(WARNINGS.get(code, code)) for code in codes]


def _command(told: Mapping[str, Any], hosts: Mapping[str, str]) -> CommandRow:
    return CommandRow(
        host=hosts.get(str(told["host"]), ""),
        phase=str(told["phase"]),
        line=shlex.join(told["argv"]),
        exit_status=told["exit_status"],
        duration_ms=told["duration_ms"],
    )
