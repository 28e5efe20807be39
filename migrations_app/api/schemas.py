"""What goes in and out, as the OpenAPI schema tells it. Times are ISO 8601."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from migrations_app.engine.plan import Operation, Strategy, WorkloadKind
from migrations_app.models import JobStatus

LARGEST_ID = 2**63 - 1
MOST_ITEMS = 100
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Field(ge=1, le=MOST_ITEMS)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[\w.-]+$")]
Item = TypeVar("Item")


class Strict(Schema):
    """A body with a field that nobody knows is refused: a typing error shall not go unseen."""

    model_config = ConfigDict(extra="forbid")


class Page(Schema, Generic[Item]):
    """Newest first. `next` is the `before` of the following page; null: this was the last."""

    items: list[Item]
    next: int | None


class Problem(Schema):
    """RFC 9457; `code` is stable, `title`, `detail` and `todo` are in the language asked for."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    values: dict[str, Any]
    todo: str
    errors: list[dict[str, Any]] | None = None


class Me(Schema):
    name: str
    role: str
    quota: dict[str, int] | None = Field(description="Null: no limit for this role.")
    version: str


class HostOut(Schema):
    id: int
    name: str
    state: str
    open_to_students: bool
    is_lab: bool
    checked_at: datetime | None
    busy_with: int | None = Field(description="The job that runs there, where you may see it.")
    problems: list[dict[str, Any]]
    facts: dict[str, Any] | None


class OpenIn(Strict):
    open: StrictBool


class ParameterOut(Schema):
    name: str
    minimum: int
    maximum: int
    default: int
    unit: str


class TypeOut(Schema):
    """A type of the catalogue."""

    name: str
    title: str
    does: str
    parameters: list[ParameterOut]


class WorkloadOut(Schema):
    id: int
    name: str
    type: str
    kind: str
    parameters: dict[str, Any]
    host: str
    host_id: int
    state: str
    last_line: str
    created_at: datetime
    created_by: str | None
    last_error_code: str


class WorkloadIn(Strict):
    name: Name
    type: Name
    kind: WorkloadKind = WorkloadKind.CONTAINER
    host: Id
    parameters: dict[Name, StrictInt] = Field(default_factory=dict)


class JobIn(Strict):
    """`target` is a host; for operations that stay on one host it may be left out."""

    workload: Id
    target: Id | None = None
    operation: Operation = Operation.MIGRATE
    strategy: Strategy = Strategy.STOP_AND_COPY
    options: dict[Name, StrictBool | StrictInt | Name | None] = Field(
        default_factory=dict, description="By the names in docs/api.md; the rest is by default."
    )


class JobOut(Schema):
    id: int
    status: JobStatus
    workload: str
    workload_id: int
    kind: str
    operation: str
    strategy: str
    source: str
    target: str
    source_id: int
    target_id: int
    options: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    created_by: str | None
    shared_with_class: bool
    cancel_requested: bool
    error_code: str
    error_message: str
    workload_is_on: str
    proof_passed: bool | None
    metrics: dict[str, float | None] = Field(description="Milliseconds; null is not known.")
    jobs_ahead: int | None = Field(default=None, description="In the queue, for one job alone.")


class SharedIn(Strict):
    shared: StrictBool
