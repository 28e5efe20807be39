"""What goes in and out of the calls that add and prepare hosts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, SecretStr, StringConstraints

from .schemas import Strict

Port = Annotated[int, Field(ge=1, le=65535)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=253)]


class DraftIn(Strict):
    name: Line
    address: Line = Field(description="An address or a name; a name is resolved once.")
    port: Port = 22
    user: Line = "root"


class DraftOut(Schema):
    """A host whose key nobody has confirmed yet."""

    id: int
    name: str
    asked: str = Field(description="The address as it was typed.")
    address: str
    port: int
    user: str
    state: str = Field(description="looking, shown or silent")
    fingerprint: str | None = Field(description="Of the key that it shows; null: none was seen.")
    command: str = Field(description="What shows the same fingerprint on the host's console.")
    created_at: datetime


class ConfirmIn(Strict):
    fingerprint: Line = Field(description="The one that was compared with the host's console.")


class PasswordIn(Strict):
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class InstalledOut(Schema):
    added: bool = Field(description="False: the key was there already.")


class CheckOut(Schema):
    name: str
    title: str
    state: str = Field(description="ok, warn, fail, unknown or looking")
    detail: str
    code: str | None = Field(description="Of what is wrong.")
    todo: str | None


class SetupOut(Schema):
    """How far a host is on its way to one that can be used."""

    id: int
    name: str
    state: str
    paste: str = Field(description="What lets us in, to be pasted on the host; empty for a lab's.")
    ready: bool = Field(description="Every check has been made, and none fails.")
    checks: list[CheckOut]


class StepOut(Schema):
    name: str
    title: str
    commands: list[list[str]]
    needed: bool | None
    obstacle: str
    state: str | None = Field(description="Of the last time; null: never asked for.")
    output: str
    error_code: str
    can_undo: bool


class StepIn(Strict):
    name: Line
    commands: list[list[str]] = Field(description="As the plan told them: that is agreed to.")


class PlanIn(Strict):
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=20)]


class UndoIn(Strict):
    step: Line


Row = dict[str, Any]
