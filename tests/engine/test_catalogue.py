"""The workloads that come with the program: their parameters and their commands."""

import subprocess
import time
from pathlib import Path

import pytest

from migrations_app.engine import CATALOGUE, NotPossible
from migrations_app.engine.catalogue import COUNTER, MEMORY
from migrations_app.engine.hostside.fields import Fields

EVERY = [(kind, one) for kind in CATALOGUE.values() for one in kind.parameters]


@pytest.mark.parametrize(("kind", "parameter"), EVERY)
def test_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(kind, parameter):
    for value in (parameter.minimum, parameter.default, parameter.maximum):
        assert kind.checked({parameter.name: value})[parameter.name] == value
    for value in (parameter.minimum - 1, parameter.maximum + 1):
        with pytest.raises(NotPossible) as refused:
            kind.checked({parameter.name: value})
        assert refused.value.code == "bad-parameter"


@pytest.mark.parametrize("value", ["1000", 1.5, True, None, "1; rm -rf /", [1]])
def test_value_that_is_no_whole_number_is_refused(value: object):
    with pytest.raises(NotPossible, match="whole number"):
        COUNTER.checked({"interval_ms": value})


def test_parameter_that_there_is_not_is_named():
    with pytest.raises(NotPossible, match="unknown parameter: speed"):
        COUNTER.checked({"speed": 1})


def test_what_is_not_said_has_its_default():
    assert MEMORY.checked({}) == {"memory_mib": 64, "dirty_pages_per_s": 0, "interval_ms": 1}


def test_command_of_the_memory_program_carries_every_parameter():
    argv = MEMORY.argv({"memory_mib": 5, "dirty_pages_per_s": 7, "interval_ms": 9})
    assert argv[1:] == (
        "--mebibytes",
        "5",
        "--dirty-pages-per-second",
        "7",
        "--interval-ms",
        "9",
    )


def test_interval_of_the_counter_reaches_sleep_in_seconds():
    assert COUNTER.argv({"interval_ms": 10})[-1] == "0.01"
    assert COUNTER.argv({})[-1] == "1"


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_images_and_commands_pass_the_hosts_own_checks(kind):
    fields = Fields({"image": kind.image, "argv": list(kind.argv({}))})
    assert fields.image() == kind.image and fields.strings("argv") == list(kind.argv({}))


@pytest.mark.skipif(not Path("/bin/busybox").exists(), reason="busybox is missing")
def test_counter_counts_from_zero_without_gaps(tmp_path: Path):
    output = tmp_path / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(COUNTER.argv({"interval_ms": 10}), stdout=out)
    try:
        deadline = time.monotonic() + 5
        while output.read_text().count("\n") < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    numbers = [int(line) for line in output.read_text().splitlines()]
    assert numbers == list(range(len(numbers))) and len(numbers) >= 3
