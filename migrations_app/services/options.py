"""The options of a run: checked, and as the columns of a job. Defaults are the engine's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from migrations_app.engine.plan import (
    RANGES,
    Compression,
    MigrationPlan,
    Operation,
    PreCopyRules,
    Strategy,
    in_range,
)
from migrations_app.models import MigrationJob

from .codes import Code, SubmitRefused

_OF_ENGINE = {field.name: field.default for field in dataclasses.fields(MigrationPlan)}
RULES: dict[str, Any] = dataclasses.asdict(PreCopyRules())
DEFAULTS: dict[str, Any] = {
    **{name: _OF_ENGINE[name] for name in MigrationJob.OPTIONS},
    "compression": str(_OF_ENGINE["compression"]),
    **RULES,
}
SHARES = ("link_loss_percent",)  # these need not be whole


def columns_for(
    given: Mapping[str, object], operation: Operation, strategy: Strategy
) -> dict[str, Any]:
    """Columns of a job for the options given, the rest by default. Raises SubmitRefused."""
    for name in given:
        if name not in DEFAULTS:
            raise SubmitRefused(Code.UNKNOWN_OPTION, option=name)
    chosen = {**DEFAULTS, **given}
    for name, value in chosen.items():
        _check(name, value)
    for name in ("leave_running", *MigrationJob.LINK) if operation.one_host else ():
        if chosen[name]:
            raise SubmitRefused(Code.OPTION_NEEDS_TWO_HOSTS, option=name)
    rules = {name: chosen.pop(name) for name in RULES}
    return {**chosen, "pre_copy": rules if strategy.in_rounds else None}


def _check(name: str, value: object) -> None:
    if name in RANGES:
        _check_number(name, value)
    elif name == "compression":
        _require(value in list(Compression), name)
    else:
        _require(isinstance(value, bool), name)


def _check_number(name: str, value: object) -> None:
    """A number in its range, whole unless it is a share; or nothing where that is the default."""
    if value is None and DEFAULTS[name] is None:
        return
    wanted = int | float if name in SHARES else int
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise SubmitRefused(Code.BAD_OPTION, option=name)
    try:
        in_range(name, value)
    except ValueError as error:
        low, high = (f"{end:g}" for end in RANGES[name])
        raise SubmitRefused(Code.OPTION_OUT_OF_RANGE, option=name, low=low, high=high) from error


def _require(fits: bool, name: str) -> None:
    if not fits:
        raise SubmitRefused(Code.BAD_OPTION, option=name)
