"""A lab as a whole, as far as it can be told without booting one."""

from dataclasses import replace
from pathlib import Path

import pytest

from migrations_app import lab
from migrations_app.lab import instance
from migrations_app.lab.config import keep_kind


@pytest.fixture
def config(tmp_path: Path) -> lab.LabConfig:
    return lab.LabConfig("one", state_root=tmp_path / "state", cache_root=tmp_path / "cache")


def make_lab(config: lab.LabConfig, name: str) -> None:
    folder = config.state_root / name
    (folder / "hosts" / "lab-a").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "subnet").write_text("10.212.7.0/24\n")


def test_a_lab_that_never_was_has_no_hosts(config: lab.LabConfig) -> None:
    assert lab.status(config) == []


def test_a_host_that_does_not_run_is_listed_with_its_address(config: lab.LabConfig) -> None:
    make_lab(config, "one")
    kinds = (lab.DockerKind.DOCKER_26, lab.MachineKind.NSPAWN)
    expected = lab.HostStatus("lab-a", "10.212.7.10", False, False, *kinds)
    assert lab.status(config) == [expected]


def test_hosts_of_another_kind_are_wiped_but_for_their_keys(config: lab.LabConfig) -> None:
    make_lab(config, "one")
    place = config.place(0)
    for name in ("upper", "docker", "containerd"):
        (place.folder / name).mkdir()
    place.host_key.write_text("a key")
    said: list[str] = []
    instance._settle_kind(replace(config, docker=lab.DockerKind.DOCKER_28), said.append)
    assert said == ["Wiping lab-a: it was another kind of host …"]
    assert sorted(path.name for path in place.folder.iterdir()) == [
        "docker-kind",
        "machine-kind",
        place.host_key.name,
    ]
    assert [host.docker for host in lab.status(config)] == [lab.DockerKind.DOCKER_28]


@pytest.mark.parametrize("docker", [None, lab.DockerKind.DOCKER_28])
def test_hosts_of_the_same_kind_are_left_alone(
    config: lab.LabConfig, docker: lab.DockerKind | None
) -> None:
    make_lab(config, "one")
    for folder in (config.state_dir, config.place(0).folder):
        keep_kind(folder, lab.DockerKind.DOCKER_28)
    (config.place(0).folder / "docker").mkdir()
    said: list[str] = []
    instance._settle_kind(replace(config, docker=docker), said.append)
    assert said == []
    assert (config.place(0).folder / "docker").exists()


def test_a_shell_accepts_the_pinned_key_alone(config: lab.LabConfig) -> None:
    make_lab(config, "one")
    argv = lab.shell_argv(config, "lab-a")
    assert argv[-1] == "root@10.212.7.10"
    assert f"UserKnownHostsFile={config.known_hosts}" in argv
    assert "StrictHostKeyChecking=yes" in argv


def test_a_shell_on_a_host_that_never_was_is_refused(config: lab.LabConfig) -> None:
    with pytest.raises(lab.LabNotPossible, match="lab-b"):
        lab.shell_argv(config, "lab-b")


def test_the_shared_cache_stays_while_another_lab_is_there(config: lab.LabConfig) -> None:
    make_lab(config, "one")
    assert instance.other_labs(config) == []
    make_lab(config, "two")
    (config.state_root / "not-a-lab").mkdir()
    assert instance.other_labs(config) == ["two"]


def test_what_is_missing_is_said_at_once(
    config: lab.LabConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(lab.LabNotPossible) as caught:
        lab.up(config, lambda text: None)
    assert "root is needed" in caught.value.message
    assert "mmdebstrap" in caught.value.message
    assert not config.state_root.exists()
