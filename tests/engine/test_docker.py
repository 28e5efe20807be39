"""Docker's command line and its answers, read from recorded ones."""

from dataclasses import replace

import pytest

from migrations_app.engine.tools import docker

from .samples import text

SAMPLE = docker.parse_inspect(text("docker-inspect.json"))


def option(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_running_container_is_read():
    assert (SAMPLE.name, SAMPLE.status, SAMPLE.image) == (
        "ml-test-sample",
        "running",
        "busybox:latest",
    )
    assert SAMPLE.alive and SAMPLE.pid > 1 and not SAMPLE.tty
    assert SAMPLE.image_id == text("docker-image-id.txt").strip()


def test_terminal_of_a_container_is_seen():
    assert docker.parse_inspect(text("docker-inspect-terminal.json")).tty


@pytest.mark.parametrize(
    ("status", "alive"),
    [("running", True), ("paused", True), ("created", False), ("exited", False), ("dead", False)],
)
def test_only_running_and_paused_are_alive(status: str, alive: bool):
    assert replace(SAMPLE, status=status).alive is alive


def test_nothing_is_pulled_from_anywhere():
    assert option(docker.run_argv("cr", "busybox", ["true"]), "--pull") == "never"


def test_words_of_a_workload_come_after_the_image_where_they_are_no_options():
    argv = docker.run_argv("cr", "busybox:latest", ["--privileged"])
    assert argv.index("--privileged") > argv.index("busybox:latest")


def test_version_and_info_are_read():
    version = docker.parse_version(text("docker-version.json"))
    assert version == {"version": "26.1.5+dfsg1", "experimental": True}
    info = docker.parse_info(text("docker-info.json"))
    assert (info["storage_driver"], info["default_runtime"]) == ("overlay2", "runc")
    assert info["root"] == "/var/lib/docker" and "runc" in info["runtimes"]


def test_checkpoint_lies_in_the_containers_own_folder():
    folder = docker.checkpoint_folder("/var/lib/docker", "abc", "ml-j-1")
    assert str(folder) == "/var/lib/docker/containers/abc/checkpoints/ml-j-1"


def test_start_names_the_checkpoint_before_the_container():
    argv = ["docker", "start", "--checkpoint", "ml-j-1", "cr"]
    assert docker.start_checkpoint_argv("cr", "ml-j-1") == argv


def test_logs_are_bounded_and_stamped():
    assert docker.logs_argv("cr", 5) == ["docker", "logs", "--timestamps", "--tail", "5", "cr"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            b'{"log":"7\\n","stream":"stdout","time":"2026-11-23T03:01:56.5Z"}',
            "2026-11-23T03:01:56.500000000Z 7",
        ),
        (
            b'{"log":"a \\"b\\"\\n","stream":"stdout","time":"2026-11-23T03:01:56Z"}',
            '2026-11-23T03:01:56.000000000Z a "b"',
        ),
        (b'{"log":"7\\n","stream":"stderr","time":"2026-11-23T03:01:56.5Z"}', None),
        (b'{"log":"7', None),
        (b"[]", None),
    ],
)
def test_line_of_a_log_file_is_read_as_docker_prints_it(line: bytes, said: str | None):
    assert docker.parse_log_line(line) == said
