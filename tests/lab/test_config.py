"""Names, addresses and places of a lab."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from migrations_app.lab import DockerKind, LabConfig, LabNotPossible, config_from, default_instance
from migrations_app.lab.config import keep_kind, kept_kind


def config(tmp_path: Path, **more: object) -> LabConfig:
    return LabConfig(instance="abc123", state_root=tmp_path, cache_root=tmp_path, **more)


@pytest.mark.parametrize("name", ["", "UPPER", "a/b", "..", "eleven-long", "abcdefghijk"])
def test_an_instance_name_that_would_not_fit_everywhere_is_refused(name: str) -> None:
    with pytest.raises(LabNotPossible):
        LabConfig(instance=name)


@pytest.mark.parametrize("count", [0, -1, 27])
def test_a_lab_has_one_to_26_hosts(count: int) -> None:
    with pytest.raises(LabNotPossible):
        LabConfig(instance="x", hosts=count)


def test_a_new_lab_has_two_hosts(tmp_path: Path) -> None:
    places = config(tmp_path).places()
    assert [(p.name, p.machine) for p in places] == [("lab-a", "abc123-a"), ("lab-b", "abc123-b")]


def test_a_lab_keeps_the_number_of_hosts_that_it_has(tmp_path: Path) -> None:
    for place in config(tmp_path, hosts=3).places():
        place.folder.mkdir(parents=True)
    assert len(config(tmp_path).places()) == 3
    assert len(config(tmp_path, hosts=1).places()) == 1


def test_a_lab_keeps_its_kind_of_docker_until_another_is_asked_for(tmp_path: Path) -> None:
    lab = config(tmp_path)
    assert lab.kind is DockerKind.DOCKER_26
    lab.state_dir.mkdir()
    keep_kind(lab.state_dir, DockerKind.DOCKER_28)
    assert lab.kind is DockerKind.DOCKER_28
    assert config(tmp_path, docker=DockerKind.DOCKER_26).kind is DockerKind.DOCKER_26


def test_a_kind_that_is_no_kind_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "docker-kind").write_text("5\n")
    with pytest.raises(LabNotPossible, match="docker-kind"):
        kept_kind(tmp_path)


def test_hosts_are_numbered_from_ten_within_the_subnet(tmp_path: Path) -> None:
    addresses = [p.address(IPv4Network("10.1.2.0/24")) for p in config(tmp_path).places()]
    assert addresses == ["10.1.2.10", "10.1.2.11"]


def test_an_unknown_host_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(LabNotPossible, match="lab-z") as caught:
        config(tmp_path).place_named("lab-z")
    assert caught.value.code == "lab-host-unknown"


@pytest.mark.parametrize("instance", ["a", "abcdefghij"])
def test_interface_names_fit_into_fifteen_characters(instance: str) -> None:
    lab = LabConfig(instance=instance)
    assert len(lab.uplink) <= 15
    assert len(f"vb-{lab.place(0).machine}") <= 15


def test_two_checkouts_have_labs_of_their_own() -> None:
    assert default_instance(Path("/srv/one")) != default_instance(Path("/srv/two"))
    assert default_instance(Path("/srv/one")) == default_instance(Path("/srv/one"))


def test_the_environment_names_instance_and_mirror() -> None:
    named = config_from({"MIGRATION_LAB_INSTANCE": "x1", "MIGRATION_LAB_MIRROR": "http://m"})
    assert (named.instance, named.mirror) == ("x1", "http://m")
    assert config_from({}).instance == default_instance()
