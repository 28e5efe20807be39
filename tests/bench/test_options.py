"""The command line, the steps of a script by hand, the machine's name."""

from __future__ import annotations

import re
import subprocess

import pytest

from migrations_app.bench import environment, options
from migrations_app.bench.__main__ import main
from migrations_app.bench.cells import Contender
from migrations_app.bench.shell import SCRIPTS
from migrations_app.bench.ways import steps_of
from migrations_app.lab import DockerKind
from tests.docs.pages import text


def parsed(*words: str):
    return options.parser().parse_args(words)


def test_a_run_has_five_trials_and_a_quick_one_three_unless_it_is_told() -> None:
    assert options.trials_of(parsed()) == 5
    assert options.trials_of(parsed("--quick")) == 3
    assert options.trials_of(parsed("--quick", "-n", "9")) == 9


def test_lists_are_read_and_the_rest_is_left_open() -> None:
    wish = options.wish_of(parsed("--contenders", "docker by hand, post-copy", "--link", "1gbit"))
    assert wish.contenders == (Contender.DOCKER_BY_HAND, Contender.POST_COPY)
    assert wish.links_mbit_s == (1000,)
    assert wish.memory_mib is None


@pytest.mark.parametrize(
    "words",
    [
        ["--contenders", "by magic"],
        ["--memory", "0"],
        ["--memory", "5000"],
        ["--dirty", "-1"],
        ["--link", "1000gbit"],
        ["-n", "0"],
        ["--docker", "27"],
    ],
)
def test_what_is_unknown_or_out_of_range_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(*words)
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_options_that_leave_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--quick", "--memory", "77"])
    assert caught.value.code == 2
    assert "nothing to measure" in capsys.readouterr().err


def test_what_would_be_measured_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--quick", "--docker", "both", "--memory", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12 and lines[0].startswith("docker by hand (container; 1 MiB")


def test_both_kinds_of_docker_are_a_choice() -> None:
    assert options.dockers_of(parsed("--docker", "both")) == list(DockerKind)
    assert options.dockers_of(parsed()) == [DockerKind.DOCKER_26]


def test_a_seed_is_kept_and_made_when_there_is_none() -> None:
    assert options.seed_of(parsed("--seed", "5")) == 5
    assert 0 <= options.seed_of(parsed()) < 10**6


def test_the_steps_by_hand_take_from_one_end_to_the_next() -> None:
    output = "cr\nended begin 1000000000\nended dump 1250000000\nnoise\nended copy 1300000000\n"
    assert steps_of(output) == {"dump": 250.0, "copy": 50.0}


def test_a_machine_is_named_by_its_processor() -> None:
    assert environment.cpu_model("processor : 0\nmodel name\t: A   B 9\n") == "A B 9"
    assert environment.cpu_model("processor : 0\n") != ""


def test_every_option_is_explained() -> None:
    page = text("docs/commands.md").partition("\n### scripts/bench\n")[2].partition("\n### ")[0]
    explained = set(re.findall(r"^\| `(-[a-z-]+)", page, re.MULTILINE))
    known = {action.option_strings[-1] for action in options.parser()._actions}
    assert explained == known - {"--help"}


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.stem)
def test_a_script_is_one_that_bash_can_read(path) -> None:
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=10)
