"""The recipe of the shared root, and its cache."""

from pathlib import Path

import pytest

from migrations_app.lab import LabConfig
from migrations_app.lab.root import (
    CRIU_PACKAGES,
    PINS,
    build_argv,
    ensure_root,
    mounts_below,
    parse_mirror,
    recipe_hash,
    used_roots,
)

TARGETS = "http://mirror/debian-security/ bookworm-security\nhttp://mirror/debian/ bookworm\n"
MOUNTS = (
    "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
    "2 1 0:5 / /cache/.x.new/proc rw - proc proc rw\n"
    "3 2 0:5 / /cache/.x.new/proc/sys rw - proc proc rw\n"
    "4 1 0:5 / /cache/.x.newer rw - tmpfs tmpfs rw\n"
)


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
    half = tmp_path / "roots" / f".{recipe_hash()}.new"
    half.mkdir(parents=True)
    (half / "half-written").touch()
    built: list[list[str]] = []

    def build(argv: list[str], **_: object) -> str:
        built.append(argv)
        half.mkdir(exist_ok=True)
        return ""

    monkeypatch.setattr("migrations_app.lab.root.run", build)
    config = LabConfig("x", cache_root=tmp_path, state_root=tmp_path, mirror="http://m")
    root = ensure_root(config, lambda text: None)
    assert built[0][0] == "mmdebstrap"
    assert (root / "etc/docker/daemon.json").exists()
    assert not (root / "half-written").exists()
    assert not half.exists()


def test_mounts_of_an_interrupted_build_are_found_deepest_first() -> None:
    found = mounts_below(MOUNTS, Path("/cache/.x.new"))
    assert found == [Path("/cache/.x.new/proc/sys"), Path("/cache/.x.new/proc")]


def test_a_root_is_in_use_while_a_host_of_any_lab_was_booted_from_it(tmp_path: Path) -> None:
    for instance, name in (("one", "aaaa"), ("two", "bbbb")):
        folder = tmp_path / instance / "hosts" / "lab-a"
        folder.mkdir(parents=True)
        (folder / "root").write_text(name)
    assert used_roots(tmp_path) == {"aaaa", "bbbb"}
