"""How states look: icon, word, colour. The words are those of the rows' own choices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.models import Experiment, Host, MigrationJob, Trial, Workload

from .base import Sign

_JOB = MigrationJob.Status
_HOST = Host.State
_WORKLOAD = Workload.State
_EXPERIMENT = Experiment.Status
_TRIAL, _OUTCOME = Trial.State, Trial.Outcome

JOB_SIGNS: dict[str, Sign] = {
    _JOB.QUEUED: Sign(_JOB.QUEUED.label, "hourglass-split", "idle"),
    _JOB.RUNNING: Sign(_JOB.RUNNING.label, "arrow-repeat", "run"),
    _JOB.SUCCEEDED: Sign(_JOB.SUCCEEDED.label, "check-circle-fill", "ok"),
    _JOB.FAILED: Sign(_JOB.FAILED.label, "x-octagon-fill", "bad"),
    _JOB.CANCELLED: Sign(_JOB.CANCELLED.label, "slash-circle", "idle"),
    _JOB.IN_DOUBT: Sign(_JOB.IN_DOUBT.label, "question-circle", "warn"),
}
HOST_SIGNS: dict[str, Sign] = {
    _HOST.UNKNOWN: Sign(_HOST.UNKNOWN.label, "question-circle", "idle"),
    _HOST.READY: Sign(_HOST.READY.label, "check-circle-fill", "ok"),
    _HOST.LIMITED: Sign(_HOST.LIMITED.label, "exclamation-triangle-fill", "warn"),
    _HOST.UNREACHABLE: Sign(_HOST.UNREACHABLE.label, "x-octagon-fill", "bad"),
    _HOST.QUARANTINED: Sign(_HOST.QUARANTINED.label, "shield-slash", "bad"),
}
WORKLOAD_SIGNS: dict[str, Sign] = {
    _WORKLOAD.STARTING: Sign(_WORKLOAD.STARTING.label, "hourglass-split", "idle"),
    _WORKLOAD.RUNNING: Sign(_WORKLOAD.RUNNING.label, "play-circle-fill", "ok"),
    _WORKLOAD.MIGRATING: Sign(_WORKLOAD.MIGRATING.label, "arrow-repeat", "run"),
    _WORKLOAD.STOPPED: Sign(_WORKLOAD.STOPPED.label, "stop-circle", "warn"),
    _WORKLOAD.LOST: Sign(_WORKLOAD.LOST.label, "question-circle", "bad"),
    _WORKLOAD.REMOVING: Sign(_WORKLOAD.REMOVING.label, "hourglass-split", "idle"),
    _WORKLOAD.REMOVED: Sign(_WORKLOAD.REMOVED.label, "dash-circle", "idle"),
}
EXPERIMENT_SIGNS: dict[str, Sign] = {
    _EXPERIMENT.RUNNING: Sign(_EXPERIMENT.RUNNING.label, "arrow-repeat", "run"),
    _EXPERIMENT.PAUSED: Sign(_EXPERIMENT.PAUSED.label, "stop-circle", "warn"),
    _EXPERIMENT.FINISHED: Sign(_EXPERIMENT.FINISHED.label, "check-circle-fill", "ok"),
    _EXPERIMENT.CANCELLED: Sign(_EXPERIMENT.CANCELLED.label, "slash-circle", "idle"),
}
# A trial's state until it is done, then its outcome.
TRIAL_SIGNS: dict[str, Sign] = {
    _TRIAL.WAITING: Sign(_TRIAL.WAITING.label, "hourglass-split", "idle"),
    _TRIAL.STARTING: Sign(_TRIAL.STARTING.label, "arrow-repeat", "run"),
    _TRIAL.RUNNING: Sign(_TRIAL.RUNNING.label, "arrow-repeat", "run"),
    _TRIAL.CLEARING: Sign(_TRIAL.CLEARING.label, "arrow-repeat", "run"),
    _OUTCOME.SUCCEEDED: Sign(_OUTCOME.SUCCEEDED.label, "check-circle-fill", "ok"),
    _OUTCOME.FAILED: Sign(_OUTCOME.FAILED.label, "x-octagon-fill", "bad"),
    _OUTCOME.CANCELLED: Sign(_OUTCOME.CANCELLED.label, "slash-circle", "idle"),
}
PROOF_SIGNS: dict[str, Sign] = {
    "passed": Sign(_("proof passed"), "patch-check-fill", "ok"),
    "failed": Sign(_("proof failed"), "patch-exclamation-fill", "bad"),
    "none": Sign(_("no proof"), "question-circle", "idle"),
}
SEVERITY_SIGNS: dict[str, Sign] = {
    "fail": Sign(_("problem"), "x-octagon-fill", "bad"),
    "warn": Sign(_("note"), "exclamation-triangle-fill", "warn"),
}
