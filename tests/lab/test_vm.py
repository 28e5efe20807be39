"""What a lab host under QEMU is started with."""

from pathlib import Path

import pytest

from migrations_app.lab import LabConfig, MachineKind, instance
from migrations_app.lab.config import keep_kind
from migrations_app.lab.root import build_argv, recipe_hash
from migrations_app.lab.vm import disk_argv, port_argvs, qemu_argv, start_argv


@pytest.fixture
def config(tmp_path: Path) -> LabConfig:
    return LabConfig("one", state_root=tmp_path, machine=MachineKind.VM)


def test_it_hangs_on_the_bridge_by_the_port_that_shaping_looks_for(config: LabConfig) -> None:
    made, joined = port_argvs(config, config.place(1))
    assert made[-5:] == ["add", "dev", "vb-one-b", "mode", "tap"]
    assert joined[-3:] == ["master", "lab0", "up"]
    assert any("ifname=vb-one-b," in word for word in qemu_argv(config.place(1), Path("/root-fs")))


def test_each_host_has_a_hardware_address_of_its_own(config: LabConfig) -> None:
    argvs = [" ".join(qemu_argv(config.place(index), Path("/r"))) for index in range(3)]
    assert len({argv.split("mac=")[1].split(" ")[0] for argv in argvs}) == 3


def test_it_boots_the_roots_own_kernel_in_the_labs_network(config: LabConfig) -> None:
    argv = start_argv(config, config.place(0), Path("/root-fs"), [Path("/g/cgroup.procs")])
    assert "--net=/run/netns/migration-lab-one" in argv
    assert argv[argv.index("-kernel") + 1] == "/root-fs/vmlinuz"


def test_its_disk_is_made_of_the_overlay(config: LabConfig) -> None:
    place = config.place(0)
    argv = disk_argv(place, Path("/root-fs"))
    assert any(word.startswith("lowerdir=/root-fs,upperdir=") for word in argv)
    assert str(place.folder / "disk.img") in argv


def test_its_root_has_a_kernel_and_a_name_of_its_own(config: LabConfig) -> None:
    plain = build_argv("http://m", Path("/new"), Path("/pins"))
    with_kernel = build_argv("http://m", Path("/new"), Path("/pins"), MachineKind.VM)
    assert "linux-image-cloud-amd64" in " ".join(with_kernel)
    assert "linux-image" not in " ".join(plain)
    assert recipe_hash(config.kind) != recipe_hash(config.kind, MachineKind.VM)


def test_a_lab_stays_what_it_was_booted_as(config: LabConfig) -> None:
    config.state_dir.mkdir(parents=True)
    keep_kind(config.state_dir, config.kind, MachineKind.VM)
    assert LabConfig("one", state_root=config.state_root).machine_kind is MachineKind.VM


def test_qemu_is_asked_for_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "qemu-system-x86" in " ".join(instance.missing(MachineKind.VM))
    assert "qemu" not in " ".join(instance.missing())
