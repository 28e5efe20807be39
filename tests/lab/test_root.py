"""The recipe of the shared root, and its cache."""

import json
from pathlib import Path

import pytest

from migrations_app.lab import DockerKind, LabConfig, LabError
from migrations_app.lab.root import (
    CRIU_PACKAGES,
    DOCKER_PACKAGES,
    OWN_FILES,
    UNFINISHED,
    build_argv,
    ensure_root,
    parse_mirror,
    pins,
    recipe_hash,
    used_roots,
)

TARGETS = "http://mirror/debian-security/ bookworm-security\nhttp://mirror/debian/ bookworm\n"


def test_the_mirror_is_the_one_of_the_machines_own_release() -> None:
    assert parse_mirror(TARGETS, "bookworm") == "http://mirror/debian/"
    assert parse_mirror(TARGETS, "noble") is None


@pytest.mark.parametrize("kind", DockerKind)
def test_only_criu_and_the_kinds_docker_come_from_testing(kind: DockerKind) -> None:
    rest, chosen = pins(kind).split("\n\n")
    pinned = chosen.splitlines()[0].removeprefix("Package: ").split()
    assert pinned == [*CRIU_PACKAGES, *DOCKER_PACKAGES[kind]]
    assert "Pin-Priority: 50" in rest and "Pin-Priority: 990" in chosen


def test_debians_own_docker_is_taken_for_26_and_testings_for_28() -> None:
    assert DOCKER_PACKAGES[DockerKind.DOCKER_26] == ()
    assert {"docker.io", "docker-cli", "containerd", "runc"} <= set(
        DOCKER_PACKAGES[DockerKind.DOCKER_28]
    )


def test_docker_is_told_to_be_experimental_as_the_exercise_needs_it() -> None:
    settings = json.loads((OWN_FILES / "etc/docker/daemon.json").read_text())
    assert settings["experimental"] is True


def test_the_build_names_both_suites_of_one_mirror() -> None:
    argv = build_argv("http://m/debian", Path("/new"), Path("/pins"))
    assert argv[-4:-1] == ["trixie", "/new", "deb http://m/debian trixie main"]
    assert argv[-1] == "deb [check-valid-until=no] http://m/debian testing main"


def test_the_same_recipe_has_the_same_name_and_each_kind_another() -> None:
    assert list(map(recipe_hash, DockerKind)) == list(map(recipe_hash, DockerKind))
    assert len(set(map(recipe_hash, DockerKind))) == len(DockerKind)


@pytest.mark.parametrize("kind", DockerKind)
def test_a_root_that_is_there_is_not_built_again(tmp_path: Path, kind: DockerKind) -> None:
    root = tmp_path / "roots" / recipe_hash(kind)
    root.mkdir(parents=True)
    said: list[str] = []
    assert ensure_root(LabConfig("x", cache_root=tmp_path, docker=kind), said.append) == root
    assert said == []


def pretend_to_build(argv: list[str], **_: object) -> str:
    if "mmdebstrap" in argv:
        Path(argv[-3]).mkdir()
    return ""


def test_a_build_leaves_the_roots_that_are_used_and_those_of_other_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = tmp_path / "roots"
    other = recipe_hash(DockerKind.DOCKER_26)
    for name in (other, "used", "unused"):
        (roots / name).mkdir(parents=True)
    host = tmp_path / "one" / "hosts" / "lab-a"
    host.mkdir(parents=True)
    (host / "root").write_text("used")
    monkeypatch.setattr("migrations_app.lab.root.run", pretend_to_build)
    kind = DockerKind.DOCKER_28
    config = LabConfig(
        "x", docker=kind, cache_root=tmp_path, state_root=tmp_path, mirror="http://m"
    )
    ensure_root(config, lambda text: None)
    left = {path.name for path in roots.iterdir() if path.is_dir()}
    assert left == {recipe_hash(kind), other, "used"}


def test_an_interrupted_build_is_not_taken_for_a_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / "roots" / f"{UNFINISHED}{recipe_hash(DockerKind.DOCKER_26)}-1"
    half.mkdir(parents=True)
    built: list[list[str]] = []

    def build(argv: list[str], **_: object) -> str:
        built.append(argv)
        return pretend_to_build(argv)

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
