"""What decides whether running processes have read the code that lies there now."""

import os
from pathlib import Path

import pytest

from labsite.operate.errors import OperateError
from labsite.operate.places import Places
from labsite.operate.steps import code_stamp, only_one


def touch(path: Path, second: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (second, second))


def test_newer_code_has_another_stamp(tmp_path: Path) -> None:
    touch(tmp_path / "labsite" / "urls.py", 100)
    before = code_stamp(tmp_path)
    touch(tmp_path / "migrations_app" / "views" / "home.py", 200)
    assert code_stamp(tmp_path) != before


@pytest.mark.parametrize("name", ["labsite/urls.pyc", "docs/lab.md", "var/db.sqlite3"])
def test_what_no_process_reads_changes_nothing(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "labsite" / "urls.py", 100)
    before = code_stamp(tmp_path)
    touch(tmp_path / name, 200)
    assert code_stamp(tmp_path) == before


def test_a_checkout_without_code_has_a_stamp(tmp_path: Path) -> None:
    assert code_stamp(tmp_path) == "0"


def test_two_at_once_are_refused_and_one_after_the_other_is_not(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, tmp_path, "x")
    with only_one(places), pytest.raises(OperateError, match="another"), only_one(places):
        pass
    with only_one(places):
        pass


def test_every_name_in_the_process_list_has_a_value(tmp_path: Path) -> None:
    conf = Path(__file__).parents[2] / "labsite" / "supervisord.conf"
    names = {part.split(")")[0] for part in conf.read_text().split("%(ENV_")[1:]}
    assert names <= set(Places(tmp_path, tmp_path, tmp_path, "x").environment(8000))
