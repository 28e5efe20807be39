"""Documents can't drift: what they name is what the code has."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator

import pytest

from labsite.operate.__main__ import _parser as operate_parser
from migrations_app.api.application import api
from migrations_app.engine import VERSION, Operation, Outcome, PhaseName, ProofKind, Strategy
from migrations_app.engine.__main__ import EXIT
from migrations_app.engine.__main__ import parser as engine_parser
from migrations_app.models import JobStatus

from .pages import DOCS, HEADING, ROOT, links, text


def test_every_strategy_and_operation_is_a_choice_of_the_command_line_page() -> None:
    page = text("docs/commands.md")
    for choice in (*Strategy, *Operation, *ProofKind):
        assert f"`{choice}`" in page


def test_every_strategy_and_operation_is_in_both_readmes() -> None:
    words = {
        Strategy.COLD: ("*cold*", "*冷迁移*"),
        Strategy.STOP_AND_COPY: ("*stop-and-copy*", "*停机拷贝*"),
        Strategy.PRE_COPY: ("*pre-copy*", "*预拷贝*"),
        Strategy.POST_COPY: ("*post-copy*", "*后拷贝*"),
        Strategy.HYBRID: ("*hybrid*", "*混合拷贝*"),
        Operation.RESTORE_IN_PLACE: ("*Restore in place*", "*原地恢复*"),
        Operation.LOCAL_CLONE: ("*Local clone*", "*本地克隆*"),
        Operation.MIGRATE: ("*Migrate*", "*迁移*"),
    }
    assert set(words) == {*Strategy, *Operation}
    for english, chinese in words.values():
        assert english in text("README.md") and chinese in text("README.zh.md")


@pytest.mark.parametrize("phase", PhaseName)
def test_every_phase_is_told_step_by_step(phase: PhaseName) -> None:
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", text("docs/architecture.md"), re.MULTILINE)
    assert f"`{phase}`" in ", ".join(rows).split(", ")


def test_every_state_of_a_job_is_drawn() -> None:
    drawn = text("docs/architecture.md").partition("## States of a job")[2]
    assert [state for state in JobStatus.values if state not in drawn] == []


def test_every_proof_is_explained() -> None:
    page = text("docs/architecture.md")
    assert [kind for kind in ProofKind if f"| `{kind}` |" not in page] == []


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


def options(parser: argparse.ArgumentParser) -> set[str]:
    actions = (action for one in parsers(parser) for action in one._actions)
    return {name for action in actions for name in action.option_strings if name.startswith("--")}


def section(heading: str) -> str:
    """What stands under a heading of the commands page, down to the next of its level or above."""
    level = heading.split()[0]
    after = text("docs/commands.md").partition(f"\n{heading}\n")[2]
    assert after, heading
    return re.split(rf"^#{{1,{len(level)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def named(page: str) -> set[str]:
    """Options that a table explains, one a row."""
    return set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE))


def test_every_option_of_the_engine_is_explained_and_none_that_is_not_there() -> None:
    assert named(section("## The engine")) == options(engine_parser()) - {"--help"}


def test_every_exit_status_of_the_engine_is_explained() -> None:
    assert set(EXIT) == set(Outcome)
    rows = re.findall(r"^\| (\d) \|", section("## The engine"), re.MULTILINE)
    assert {int(row) for row in rows} == {*EXIT.values(), 2}


def test_every_option_of_up_and_down_is_explained() -> None:
    explained = named(section("### scripts/up")) | named(section("### scripts/down"))
    assert explained == options(operate_parser()) - {"--help"}


def own_commands() -> list[str]:
    folder = ROOT / "migrations_app" / "management" / "commands"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", own_commands())
def test_every_command_of_ours_is_explained_with_all_its_options(name: str) -> None:
    module = importlib.import_module(f"migrations_app.management.commands.{name}")
    parser = argparse.ArgumentParser(add_help=False)
    module.Command().add_arguments(parser)
    assert named(section(f"### python manage.py {name}")) == options(parser) - {"--help"}


@pytest.mark.parametrize("name", ["lab", "host"])
def test_every_action_of_a_command_is_shown(name: str) -> None:
    module = importlib.import_module(f"migrations_app.management.commands.{name}")
    parser = argparse.ArgumentParser()
    module.Command().add_arguments(parser)
    chosen = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    shown = re.findall(rf"^python manage\.py {name} (\w+)", text("docs/commands.md"), re.MULTILINE)
    assert set(shown) == set(chosen.choices)


def test_every_script_is_named() -> None:
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.suffix != ".sh"]
    page = section("## scripts")
    assert [path.name for path in scripts if f"`scripts/{path.name}`" not in page] == []


def settings_read() -> set[str]:
    """Names in `env.str("NAME", …)` and its like, in the only file that reads the environment."""
    return set(re.findall(r'\benv\.\w+\(\s*"(\w+)"', text("labsite/settings.py")))


def settings_explained(heading: str) -> set[str]:
    part = text("docs/settings.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", part, re.MULTILINE))


def test_every_setting_is_explained_and_none_that_is_not_read() -> None:
    assert settings_explained("Read by the site") == settings_read()


def test_every_name_in_the_supervisors_configuration_is_explained() -> None:
    configuration = text("labsite/supervisord.conf")
    names = set(re.findall(r"%\(ENV_(\w+)\)s", configuration)) | {"MIGRATION_LAB_SUPERVISED"}
    assert settings_explained("Made by scripts/up for supervisord") == names - settings_read()


def test_every_process_is_in_the_operations_page() -> None:
    processes = re.findall(r"^\[program:(\w+)\]", text("labsite/supervisord.conf"), re.MULTILINE)
    rows = re.findall(r"^\| (\w+) \| `", text("docs/operations.md"), re.MULTILINE)
    assert set(processes) == set(rows)


def test_every_decision_is_numbered_in_its_heading_and_listed() -> None:
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert len(set(numbers)) == len(numbers)
    listed = links(DOCS / "decisions" / "README.md")
    assert sorted(listed) == [page.name for page in pages]
    for page in pages:
        headings = HEADING.findall(page.read_text())
        assert headings[0].startswith(f"# {page.name[:4]} ")
        assert headings[1:] == ["## Context", "## Decision", "## Consequence"]


def test_files_that_the_pages_name_are_there() -> None:
    pages = [text("CONTRIBUTING.md"), text("docs/architecture.md")]
    for page in pages:
        for name in re.findall(r"`((?:migrations_app|labsite|tests|scripts)/[\w/.-]+)`", page):
            assert "NAME" in name or (ROOT / name).exists(), name


def test_the_layers_that_are_told_are_those_that_are_held() -> None:
    project = text("pyproject.toml").partition('name = "Inside the engine')[2]
    layers = re.findall(r"migrations_app\.engine\.(\w+)", project.partition("]")[0])
    told = text("docs/architecture.md").partition("Inside the engine imports")[2]
    assert re.findall(r"`(\w+)`", told.partition("\n- ")[0]) == layers


def test_the_changelog_names_the_version_of_the_program() -> None:
    assert VERSION in text("CHANGELOG.md")


def test_every_call_of_the_api_is_explained_and_none_that_is_not_there() -> None:
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", text("docs/api.md"), re.MULTILINE))
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    assert told == {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
