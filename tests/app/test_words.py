"""Every code of the program has its words, and every word its Chinese."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from migrations_app import metrics, words
from migrations_app.engine import causes, plan, report
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.models import Experiment, Host, MigrationJob, Trial, Workload
from migrations_app.services.codes import Code
from migrations_app.services.options import DEFAULTS

ENGINE = settings.BASE_DIR / "migrations_app" / "engine"
LOCALE = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES"
REASONS_ONLY = {Code.CLAIMED, Code.COMPLETED}  # of a job that goes well: never an error
FAILED_WITH = re.compile(r"[a-z]+-failed")


def trees() -> Iterator[ast.AST]:
    for path in ENGINE.rglob("*.py"):
        yield from ast.walk(ast.parse(path.read_text()))


def constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def engine_codes() -> set[str]:
    """`code="…"`, `code = "…"` in a class, `Problem("…")`, and codes handed on as an argument."""
    found: set[str | None] = set()
    for node in trees():
        if isinstance(node, ast.keyword) and node.arg == "code":
            found.add(constant(node.value))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            found.add(constant(node.value))
        if called(node) == "Problem":
            found.add(constant(node.args[0]))
        if isinstance(node, ast.Constant) and FAILED_WITH.fullmatch(str(node.value)):
            found.add(node.value)
    return {code for code in found if code} - set(words.WARNINGS)


def warning_codes() -> set[str]:
    """What stands before the colon of `warnings.append("code: …")`."""
    calls = [node for node in trees() if called(node) == "append" and "warnings" in ast.dump(node)]
    texts = [ast.unparse(call.args[0]) for call in calls]
    codes = {re.match(r"f?['\"]((?:\{side\})?[a-z-]+)", text) for text in texts}
    named = {match[1] for match in codes if match}
    return {code.replace("{side}", side) for code in named for side in report.Side}


def test_every_code_of_the_engine_is_explained():
    assert engine_codes() - set(words.ERRORS) == set()


def test_every_code_of_the_site_is_explained():
    assert set(Code) - REASONS_ONLY - set(words.ERRORS) == set()


def test_every_reason_for_a_change_of_state_has_words():
    assert {*REASONS_ONLY, Code.CANCELLED, Code.WORKER_LOST, Code.HOSTS_SILENT} <= set(
        words.REASONS
    )


def test_every_warning_of_a_run_has_words():
    assert warning_codes() - set(words.WARNINGS) == set()


@pytest.mark.parametrize(
    ("members", "table"),
    [
        (report.PhaseName, words.PHASES),
        (report.Side, words.SIDES),
        (report.RoundMethod, words.ROUND_METHODS),
        (report.RoundsEndedBy, words.ROUNDS_ENDED_BY),
        ([field.name for field in report.dataclasses.fields(report.StopWindow)], words.STOP_PARTS),
        ([*causes.BY_KEY, causes.UNKNOWN], words.CAUSES),
        (plan.Compression, words.COMPRESSIONS),
        (list(DEFAULTS), words.OPTIONS),
        (plan.Operation, words.OPERATIONS),
        (plan.Strategy, words.STRATEGIES),
        (plan.WorkloadKind, words.KINDS),
        (plan.ProofKind, words.PROOFS),
        (MigrationJob.Status, words.JOB_SIGNS),
        (Host.State, words.HOST_SIGNS),
        (Workload.State, words.WORKLOAD_SIGNS),
        (Experiment.Status, words.EXPERIMENT_SIGNS),
        ({*Trial.State} - {Trial.State.DONE} | {*Trial.Outcome}, words.TRIAL_SIGNS),
        (Trial.Role, words.ROLES),
        (list(CATALOGUE), words.WORKLOAD_TYPES),
        ([p.name for t in CATALOGUE.values() for p in t.parameters], words.PARAMETERS),
    ],
)
def test_every_member_has_words_and_nothing_else_has(members, table):
    assert {str(member) for member in members} == {str(key) for key in table}


def test_every_metric_of_the_report_is_defined_once():
    fields = {field.name for field in report.dataclasses.fields(report.Metrics)}
    assert set(metrics.METRICS) == fields


def test_every_sign_has_an_icon_that_is_there():
    tables = (
        words.JOB_SIGNS,
        words.HOST_SIGNS,
        words.WORKLOAD_SIGNS,
        words.PROOF_SIGNS,
        words.EXPERIMENT_SIGNS,
        words.TRIAL_SIGNS,
    )
    icons = {sign.icon for table in tables for sign in table.values()}
    folder = settings.BASE_DIR / "static" / "vendor" / "bootstrap-icons"
    assert [icon for icon in icons if not (folder / f"{icon}.svg").exists()] == []


def test_a_title_is_filled_in_with_its_values():
    said = words.explain(words.ERRORS, "host-unreachable", {"host": "lab-b"})
    assert said.title == "lab-b can't be reached"


def test_a_title_without_its_values_stays_general():
    assert words.explain(words.ERRORS, "host-unreachable").title == "The host can't be reached"


def test_a_code_without_words_is_told_as_such():
    said = words.explain(words.ERRORS, "brand-new")
    assert said.code == "brand-new" and said.todo


def test_hostile_values_are_not_taken_for_places():
    said = words.explain(words.ERRORS, "bad-name", {"name": "{0.__class__} %s <b>"})
    assert "{0.__class__} %s <b>" in said.title
