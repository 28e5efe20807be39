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


def test_clone_gets_what_the_restore_depends_on():
    argv = docker.create_argv(SAMPLE, "cr", "sha256:1")
    assert argv[:2] == ["docker", "create"] and option(argv, "--name") == "cr"
    assert option(argv, "--memory") == str(64 * 2**20)
    assert option(argv, "--cap-add") in ("SYS_NICE", "CAP_SYS_NICE")
    assert option(argv, "--log-driver") == "json-file"
    assert "max-size=20m" in argv and "course=os" in argv
    assert "GREETING=hello world" in argv


def test_clone_runs_the_same_command():
    argv = docker.create_argv(SAMPLE, "cr", "sha256:1")
    image = argv.index("sha256:1")
    assert argv[image + 1 :] == SAMPLE.config["Cmd"]


def test_entrypoint_of_several_words_keeps_them_in_their_order():
    config = {**SAMPLE.config, "Entrypoint": ["/bin/busybox", "sh"], "Cmd": ["-c", "true"]}
    argv = docker.create_argv(replace(SAMPLE, config=config), "cr", "busybox:latest")
    assert option(argv, "--entrypoint") == "/bin/busybox"
    assert argv[argv.index("busybox:latest") + 1 :] == ["sh", "-c", "true"]


def test_nothing_is_pulled_from_anywhere():
    assert option(docker.create_argv(SAMPLE, "cr", "busybox"), "--pull") == "never"
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
