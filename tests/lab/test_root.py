"""The recipe of the shared root, and its cache."""

from pathlib import Path

import pytest

from migrations_app.lab import LabConfig, LabError
from migrations_app.lab.root import (
    CRIU_PACKAGES,
    PINS,
    UNFINISHED,
    build_argv,
    ensure_root,
    parse_mirror,
    recipe_hash,
    used_roots,
)

TARGETS = "http://mirror/debian-security/ bookworm-security\nhttp://mirror/debian/ bookworm\n"


def test_the_mirror_is_the_one_of_the_machines_own_release() -> None:
    assert parse_mirror(TARGETS, "bookworm") == "http://mirror/debian/"
    assert parse_mirror(TARGETS, "noble") is None


def test_only_criu_and_what_it_needs_come_from_testing() -> None:
    pinned = PINS.split("\n\n")[1].splitlines()[0].removeprefix("Package: ").split()
    assert pinned == list(CRIU_PACKAGES)
    assert "Pin-Priority: 50" in PINS.split("\n\n")[0]


def test_the_build_names_both_suites_of_one_mirror() -> None:
    argv = build_argv("http://m/debian", Path("/new"), Path("/pins"))
    assert argv[-4:-1] == ["trixie", "/new", "deb http://m/debian trixie main"]
    assert argv[-1] == "deb [check-valid-until=no] http://m/debian testing main"


def test_the_same_recipe_has_the_same_name() -> None:
    assert recipe_hash() == recipe_hash()


def test_a_root_that_is_there_is_not_built_again(tmp_path: Path) -> None:
    root = tmp_path / "roots" / recipe_hash()
    root.mkdir(parents=True)
    said: list[str] = []
    assert ensure_root(LabConfig("x", cache_root=tmp_path), said.append) == root
    assert said == []


def test_an_interrupted_build_is_not_taken_for_a_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / "roots" / f"{UNFINISHED}{recipe_hash()}-1"
    half.mkdir(parents=True)
    built: list[list[str]] = []

    def build(argv: list[str], **_: object) -> str:
        built.append(argv)
        if "mmdebstrap" in argv:
            Path(argv[-3]).mkdir()
        return ""

    monkeypatch.setattr("migrations_app.lab.root.run", build)
    config = LabConfig("x", cache_root=tmp_path, state_root=tmp_path, mirror="http://m")
    root = ensure_root(config, lambda text: None)
    assert "mmdebstrap" in built[0]
    assert (root / "etc/docker/daemon.json").exists()
    assert not half.exists()


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    config = LabConfig("x", cache_root=tmp_path, state_root=tmp_path, mirror="bad\nmirror")
    with pytest.raises(LabError):
        ensure_root(config, lambda text: None)
    assert [path for path in (tmp_path / "roots").iterdir() if path.is_dir()] == []


def test_a_root_is_in_use_while_a_host_of_any_lab_was_booted_from_it(tmp_path: Path) -> None:
    for instance, name in (("one", "aaaa"), ("two", "bbbb")):
        folder = tmp_path / instance / "hosts" / "lab-a"
        folder.mkdir(parents=True)
        (folder / "root").write_text(name)
    assert used_roots(tmp_path) == {"aaaa", "bbbb"}
