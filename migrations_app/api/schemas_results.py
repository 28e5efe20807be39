"""Experiments and shared links, as they go in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StrictBool, StrictInt, StringConstraints

from migrations_app.exports.formats import FORMATS
from migrations_app.grids import MOST_COOL_DOWN_S, MOST_REPETITIONS
from migrations_app.models import ExperimentStatus
from migrations_app.models.experiment import NAME_LENGTH
from migrations_app.services.experiments import MOST_SEED
from migrations_app.services.share import DAYS

from .schemas import Id, Strict

# Free text, but for the one sign that no database keeps.
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_LENGTH, pattern=r"^[^\x00]+$")
]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Query = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
FormatName = Literal["csv", "json", "notebook", "html"]
Table = Literal["runs", "phases", "rounds", "trials", "cells"]
assert set(FORMATS) == set(FormatName.__args__)  # type: ignore[attr-defined]


class GridIn(Strict):
    """See docs/experiments.md and docs/api.md."""

    grid: dict[str, Any] = Field(description="As docs/api.md describes it; hosts by their ids.")
    cool_down_s: Annotated[StrictInt, Field(ge=0, le=MOST_COOL_DOWN_S)] = 0


class ExperimentIn(GridIn):
    name: Title
    notes: Text = ""
    seed: Annotated[StrictInt, Field(ge=0, le=MOST_SEED)] | None = Field(
        default=None, description="Of the random order. Null: one is drawn, and kept."
    )


class MoreTrialsIn(Strict):
    trials: Annotated[StrictInt, Field(ge=1, le=MOST_REPETITIONS)]


class BlockedOut(Schema):
    kind: str
    strategy: str
    source: str
    target: str
    code: str
    title: str


class PreviewOut(Schema):
    """What a grid comes to before it is launched."""

    jobs: int
    cells: int
    trials: int
    warm_ups: int
    controls: int
    seconds: float | None = Field(description="By former runs like these; null: none is known.")
    unknown: int = Field(description="Trials of which nothing is known; they come on top.")
    blocked: list[BlockedOut]


class UnderWayOut(Schema):
    position: int
    role: str
    state: str
    job: int | None


class ExperimentOut(Schema):
    id: int
    name: str
    notes: str
    status: ExperimentStatus
    reason: str
    seed: int
    cool_down_s: int
    grid: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None
    created_by: str | None
    shared_with_class: bool
    total: int
    done: int
    failed: int


class ExperimentDetail(ExperimentOut):
    succeeded: int
    cancelled: int
    under_way: list[UnderWayOut]
    seconds_left: float | None
    unknown_left: int


class ShareIn(Strict):
    """One of `job`, `experiment` and `query` says what is shared."""

    job: Id | None = None
    experiment: Id | None = None
    query: Query | None = Field(
        default=None, description="Filters of the history, or the groups of a comparison."
    )
    live: StrictBool = False
    days: Literal[1, 7, 30, 365] = 30


assert set(DAYS) == {1, 7, 30, 365}


class ShareOut(Schema):
    id: int
    kind: str
    job: int | None
    experiment: int | None
    query: str
    live: bool
    open: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    link: str | None = Field(description="Null where it leads nowhere any more.")
