"""What a lab host is started with, and what it is told before it boots."""

import stat
from pathlib import Path

import pytest

from migrations_app.lab.config import LabConfig
from migrations_app.lab.keys import ensure_key, write_private
from migrations_app.lab.machine import Identity, nspawn_argv, start_argv, wipe, write_identity


@pytest.fixture
def config(tmp_path: Path) -> LabConfig:
    return LabConfig("one", state_root=tmp_path)


@pytest.fixture
def identity(config: LabConfig, tmp_path: Path) -> Identity:
    program = tmp_path / "program"
    program.write_text("program")
    return Identity(
        place=config.place(0),
        address="10.1.2.10/24",
        hosts_file="127.0.0.1 localhost\n10.1.2.11 lab-b\n",
        authorized_key=ensure_key(config.private_key),
        programs=[program],
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_docker_and_podman_data_lie_on_plain_folders(config: LabConfig) -> None:
    place = config.place(0)
    argv = nspawn_argv(place)
    assert f"--bind={place.folder / 'docker'}:/var/lib/docker" in argv
    assert f"--bind={place.folder / 'containers'}:/var/lib/containers" in argv
    assert argv[-1] == "--boot"


def test_the_host_starts_in_its_network_groups_and_overlay(config: LabConfig) -> None:
    argv = start_argv(config, config.place(0), Path("/root-fs"), [Path("/g/cgroup.procs")])
    groups, rest = argv[: argv.index("--")], argv[argv.index("--") :]
    assert groups[-1] == "/g/cgroup.procs"
    assert "--net=/run/netns/migration-lab-one" in rest
    overlay = next(part for part in rest if part.startswith("lowerdir=/root-fs,upperdir="))
    assert rest[rest.index(overlay) + 2] == "systemd-nspawn"


def test_a_host_gets_its_name_address_and_keys(identity: Identity) -> None:
    write_identity(identity)
    upper = identity.place.upper
    assert (upper / "etc/hostname").read_text() == "lab-a\n"
    assert (upper / "etc/migration-lab/address").read_text() == "10.1.2.10/24\n"
    assert "lab-b" in (upper / "etc/hosts").read_text()
    assert identity.authorized_key in (upper / "root/.ssh/authorized_keys").read_text()


def test_what_sshd_insists_on_is_private(identity: Identity) -> None:
    write_identity(identity)
    upper = identity.place.upper
    assert mode(upper / "etc/ssh/ssh_host_ed25519_key") == 0o600
    assert mode(upper / "root/.ssh") == 0o700
    assert mode(upper / "root/.ssh/authorized_keys") == 0o600


def test_the_host_key_outlives_a_wipe(identity: Identity) -> None:
    write_identity(identity)
    before = ensure_key(identity.place.host_key)
    wipe(identity.place)
    assert not identity.place.upper.exists()
    write_identity(identity)
    assert ensure_key(identity.place.host_key) == before


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    public = ensure_key(path)
    assert public.startswith("ssh-ed25519 AAAA")
    assert ensure_key(path) == public
    assert mode(path) == 0o600


def test_an_interrupted_write_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / "key.new").write_text("half")
    write_private(tmp_path / "key", b"whole")
    assert (tmp_path / "key").read_bytes() == b"whole"
