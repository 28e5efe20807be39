"""What docs/lab.md says of commands, settings and packages is what the code has."""

import argparse
import re
from pathlib import Path

from migrations_app.lab.cli import add_arguments
from migrations_app.lab.config import DEFAULT_KIND, DockerKind
from migrations_app.lab.instance import KERNEL_SETTINGS, PROGRAMS
from migrations_app.lab.network import POOL

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "lab.md").read_text()


def actions() -> set[str]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    chosen = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return set(chosen.choices)


def test_every_action_is_described_and_none_that_is_not_there() -> None:
    named = re.findall(r"^\.venv/bin/python manage\.py lab (\w+)", TEXT, re.MULTILINE)
    assert set(named) == actions()


def test_every_kind_of_docker_is_described_and_the_default_is_said() -> None:
    rows = re.findall(r"^\| (\d+)(, the default)? \|", TEXT, re.MULTILINE)
    assert [(DockerKind(name), bool(default)) for name, default in rows] == [
        (kind, kind is DEFAULT_KIND) for kind in DockerKind
    ]


def test_every_setting_named_is_read() -> None:
    settings = (ROOT / "labsite" / "settings.py").read_text()
    for name in re.findall(r"^\| `(MIGRATION_LAB_\w+)`", TEXT, re.MULTILINE):
        assert f'"{name}"' in settings


def test_every_kernel_setting_that_is_changed_is_named() -> None:
    for name, value in KERNEL_SETTINGS.items():
        assert f"`{name}={value}`" in TEXT


def test_the_packages_named_are_those_that_are_installed() -> None:
    script = (ROOT / "scripts" / "lib.sh").read_text()
    packages = re.search(r"LAB_PACKAGES=\((.*)\)", script)
    assert packages and f"`{packages[1]}`" in TEXT
    needed = " ".join(PROGRAMS.values()).split()
    assert set(needed) - {"util-linux"} <= set(packages[1].split())


def test_the_pool_of_addresses_is_named() -> None:
    assert str(POOL) in TEXT
