"""A lab report: the steps of the exercise in its order, with what this run did in each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import WorkloadKind
from migrations_app.engine.report import PhaseName
from migrations_app.metrics import Text
from migrations_app.waterfall import Bar

from .shape import Document
from .sheet import CommandRow, RunSheet

P = PhaseName


@dataclass(frozen=True)
class Step:
    """A step of the exercise: its phases here, and the commands that do it by hand."""

    title: Text
    text: Text
    phases: Sequence[PhaseName]
    container: Sequence[str]  # NAME stands for the workload
    process: Sequence[str]


STEPS = (
    Step(
        _("Install and check"),
        _("CRIU and Docker are installed on both hosts; CRIU says whether the kernel can do it."),
        (P.PREPARE, P.ARM),
        ("apt install criu docker.io", "criu check", "docker info"),
        ("apt install criu", "criu check"),
    ),
    Step(
        _("Checkpoint"),
        _("All tasks are frozen; their state is written into an image: memory, registers, files."),
        (P.PRE_COPY, P.FREEZE, P.DUMP),
        ("docker checkpoint create NAME c1",),
        ("criu dump --tree PID --images-dir IMAGES --shell-job",),
    ),
    Step(
        _("Clone"),
        _("A second instance is made on the target, gets the image, and goes on from it."),
        (P.CREATE, P.TRANSFER, P.HAND_OVER, P.RESTORE, P.RESUME, P.PAGES, P.ROLLBACK),
        ("docker create --name NAME …", "docker start --checkpoint c1 NAME"),
        ("criu restore --images-dir IMAGES --restore-detached --shell-job",),
    ),
    Step(
        _("Verify"),
        _("The output on the source and on the target is compared: it has to go on without a gap."),
        (P.VERIFY, P.CLEAN_UP),
        ("docker logs NAME",),
        ("tail OUTPUT",),
    ),
)
QUESTIONS = (
    _("Which part of the stop time is the longest, and why?"),
    _("What would change with twice the memory, and what with half the bandwidth?"),
    _("What does the proof show, and what could have gone wrong without it noticing?"),
    _("How far can these figures be trusted? Name what may have disturbed them."),
)

ABOUT_CELLS = (
    _("Which factor changes the stop time most, and which hardly at all?"),
    _("How does the stop time grow with the memory, and why does it differ between strategies?"),
    _("Which differences do the intervals bear out, and which do they not?"),
    _("What do control runs and failed trials say of how far these figures can be trusted?"),
)


@dataclass(frozen=True)
class StepSheet:
    """A step with what one run did in it."""

    step: Step
    by_hand: Sequence[str]
    bars: Sequence[Bar]
    commands: Sequence[CommandRow]


@dataclass(frozen=True)
class LabReport:
    document: Document

    @property
    def questions(self) -> Sequence[Text]:
        return ABOUT_CELLS if self.document["kind"] == "experiment" else QUESTIONS

    @property
    def steps(self) -> list[StepSheet]:
        """Of a document of one job; of several, only how it is done by hand."""
        runs = self.document["runs"]
        if self.document["kind"] == "job":
            return [_of_run(step, RunSheet(runs[0], self.document["redacted"])) for step in STEPS]
        return [StepSheet(step, step.container, (), ()) for step in STEPS]


def _of_run(step: Step, run: RunSheet) -> StepSheet:
    workload = run.run["workload"]
    by_hand = step.container if workload["kind"] == WorkloadKind.CONTAINER else step.process
    name = shlex.quote(workload["name"])
    return StepSheet(
        step,
        [line.replace("NAME", name) for line in by_hand],
        [bar for bar in run.bars if bar.name in step.phases],
        [command for command in run.commands if command.phase in step.phases],
    )
