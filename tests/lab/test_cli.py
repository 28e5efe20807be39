"""The lab's command line, without booting anything."""

import argparse
from pathlib import Path

import pytest

from migrations_app import lab
from migrations_app.lab.cli import add_arguments, carry_out


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_a_kind_of_docker_is_asked_for_by_its_least_version() -> None:
    assert parsed("up", "--docker", "28").docker is lab.DockerKind.DOCKER_28
    assert parsed("up").docker is None


def test_a_kind_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("up", "--docker", "27")
    assert "--docker" in capsys.readouterr().err


def test_the_status_names_each_hosts_docker(tmp_path: Path) -> None:
    config = lab.LabConfig("one", state_root=tmp_path, cache_root=tmp_path)
    folder = config.place(0).folder
    folder.mkdir(parents=True)
    (folder / "docker-kind").write_text("28\n")
    said: list[str] = []
    carry_out(config, "status", say=said.append, register=lambda hosts: None)
    assert said == ["lab-a  down  -  Docker 28  nspawn"]
