"""Whatever is sent to a host: nothing but the allowed shapes gets as far as a program."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine import NotPossible
from migrations_app.engine.hostside import redis_data
from migrations_app.engine.hostside.fields import STATE_ROOT, Fields
from migrations_app.engine.hostside.run import Ran, Runner
from migrations_app.engine.hostside.verbs import VERBS
from migrations_app.engine.tools import docker, preparing

from .samples import text

HOSTILE = [
    "",
    " ",
    "-rf",
    "--privileged",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a b",
    "a;reboot",
    "$(reboot)",
    "`reboot`",
    "a\nb",
    "a\n",
    "a\0b",
    "名",
    "a" * 300,
    None,
    7,
    True,
    [],
    ["cr"],
    {},
]
anything = st.one_of(
    st.text(), st.sampled_from(HOSTILE), st.integers(), st.floats(), st.booleans(), st.none()
)


def taken(read: Callable[[Fields], Any], field: str, value: object) -> Any:
    """What the field gave, or None when it was refused as it should be."""
    try:
        return read(Fields({field: value}))
    except NotPossible as refused:
        assert refused.code == "bad-request"
        return None


@given(anything)
def test_only_plain_names_are_names(value: object):
    name = taken(Fields.name, "name", value)
    assert name is None or re.fullmatch(r"[a-zA-Z0-9][\w.-]{0,62}", name, re.ASCII)


@given(anything)
def test_folder_of_a_job_is_right_below_the_folder_of_jobs(value: object):
    folder = taken(Fields.job_folder, "job", value)
    assert folder is None or folder.resolve().parent == (STATE_ROOT / "jobs").resolve()


@given(anything)
def test_image_never_begins_like_an_option(value: object):
    image = taken(Fields.image, "image", value)
    assert image is None or (image[0].isalnum() and not set(image) & set(" \n;$`'\"\\"))


@given(anything)
def test_pid_is_a_number_of_a_process_that_is_not_init(value: object):
    pid = taken(Fields.pid, "pid", value)
    assert pid is None or (type(pid) is int and 2 <= pid <= 2**22)


@given(anything)
def test_limit_is_finite_and_not_negative(value: object):
    seconds = taken(Fields.seconds, "limit_s", value)
    assert seconds is None or 0 < seconds <= 7200


@given(st.one_of(st.lists(anything), anything))
def test_paths_are_absolute_and_lead_nowhere_else(value: object):
    paths = taken(lambda fields: fields.paths("files"), "files", value)
    for path in paths or []:
        assert path.is_absolute() and ".." not in path.parts and "\0" not in str(path)


@given(anything)
def test_address_is_a_number_and_no_name(value: object):
    address = taken(Fields.address, "address", value)
    assert address is None or re.fullmatch(r"[0-9a-fA-F.:]+(%\w+)?", address)


@pytest.mark.parametrize("value", ["true", 1, "no", [], {}])
def test_flag_is_true_or_false(value: object):
    assert taken(lambda fields: fields.flag("encrypted"), "encrypted", value) is None


@pytest.mark.parametrize("value", ["KILL", "usr1", 10, None, "USR1 "])
def test_only_the_signals_that_are_named_are_sent(value: object):
    assert taken(lambda fields: fields.choice("signal", "USR1"), "signal", value) is None


@pytest.mark.parametrize(
    ("read", "field", "value"),
    [
        (Fields.name, "name", "cr-1_x.Y"),
        (Fields.job, "job", "j-1"),
        (Fields.image, "image", "registry:5000/busybox@sha256:0a"),
        (Fields.pid, "pid", 4711),
        (Fields.address, "address", "fe80::1"),
        (Fields.seconds, "limit_s", 0.5),
    ],
)
def test_what_the_controller_sends_passes(read: Callable, field: str, value: object):
    assert taken(read, field, value) == value


@given(st.dictionaries(st.sampled_from(["file_locks", "link_remap", "ghost_limit"]), anything))
def test_dump_is_told_no_option_but_the_three_that_there_are(value: dict[str, object]):
    told = taken(Fields.adapts, "adapts", {**value, "tcp_established": True, "--shell-job": 1})
    for name, option in (told or {}).items():
        assert option is True if name != "ghost_limit" else 1 <= option <= 2**31
        assert name in ("file_locks", "link_remap", "ghost_limit")


class OnlyLooks(Runner):
    """A runner that shows the container `cr`, and for the rest fails the test when it is called."""

    def __call__(self, argv: Sequence[str], **_: Any) -> Ran:
        assert list(argv) == docker.inspect_argv("cr"), f"{argv} was run"
        return Ran(tuple(argv), 0, text("docker-inspect.json"), "", 0, 0)


# The fields that a verb needs, of those that name something on the host.
NEEDED = {
    "along_check": ["job"],
    "along_look": ["job", "name"],
    "along_send": ["job", "trees", "address", "port"],
    "channel_close": ["job"],
    "channel_open": ["job", "token"],
    "channel_send": ["item", "address", "port"],
    "clean_up": ["job"],
    "client_check": ["name"],
    "client_look": ["name"],
    "client_start": ["name", "address", "port"],
    "client_stop": ["name"],
    "container_announce": ["name"],
    "container_checkpoint": ["job", "name"],
    "container_collect": [],  # a job's name, where there is a containerd to be told it
    "container_copy_checkpoint": ["job"],
    "container_create": ["job", "name"],
    "container_discard": ["job", "name"],
    "container_fits": ["ports", "volumes"],
    "container_inspect": ["name"],
    "container_remove": ["name"],
    "container_restore": ["job", "name"],
    "container_restored": ["job", "name"],
    "container_signal": ["name", "signal"],
    "container_start": ["name"],
    "container_state": ["name"],
    "container_tail": ["name"],
    "dump_ended": ["job"],
    "files_facts": ["files"],
    "hand_over": ["job", "kind", "name"],
    "hand_over_arm": ["job", "kind", "descriptors"],
    "hand_over_frozen": ["name"],
    "hand_over_keep": ["job"],
    "hand_over_receive": ["job"],
    "hand_over_release": ["job"],
    "hand_over_round": ["job", "number", "address", "port"],
    "hand_over_thaw": ["name"],
    "hand_over_wait": ["job"],
    "image_id": ["image"],
    "journal": ["job"],
    "kept_inspect": ["job"],
    "kept_remove": ["job"],
    "left_remove": ["job", "half"],
    "link_clear": ["job"],
    "link_shape": ["job", "address"],
    "mount_digest": ["path"],
    "policy_back": ["job"],
    "policy_off": ["job", "name"],
    "policy_set": ["name", "word"],
    "prepare_output": ["step"],
    "prepare_step": ["step"],
    "prepare_undo": ["step"],
    "process_discard": ["job"],
    "process_dump": ["job", "pid"],
    "process_end": ["pid"],
    "process_forget": ["files"],
    "process_inspect": ["pid"],
    "process_kill": ["job"],
    "process_restore": ["job"],
    "process_restored": ["job"],
    "process_settle_in": ["output"],
    "process_signal": ["pid", "signal"],
    "process_start": ["name"],
    "process_state": ["pid"],
    "process_tail": ["output"],
    "process_thaw": ["job"],
    "volume_digest": ["volume"],
    "volumes_make": ["job", "volumes", "anonymous"],
    "volumes_remove": ["job"],
    "redis_fill": ["port", "keys", "value_bytes", "name"],
    "round_trips": ["peers"],
    "target_look": ["files", "mounts"],
    "workload_look": ["kind", "name"],
}
WITHOUT_FIELDS = {"hello", "clock", "facts", "left_behind", "prepare", "kept_list"}
READERS: dict[str, Callable[[Fields], Any]] = {
    "job": Fields.job,
    "name": Fields.name,
    "token": lambda fields: fields.name("token"),
    "image": Fields.image,
    "pid": Fields.pid,
    "address": Fields.address,
    "port": lambda fields: fields.integer("port", 1, 65535),
    "keys": lambda fields: fields.integer("keys", 1, redis_data.MOST_KEYS),
    "value_bytes": lambda fields: fields.integer(
        "value_bytes", redis_data.LEAST_BYTES, redis_data.MOST_BYTES
    ),
    "item": lambda fields: fields.choice("item", "images"),
    "signal": lambda fields: fields.choice("signal", "USR1"),
    "peers": lambda fields: fields.mapping("peers"),
    "step": lambda fields: fields.choice("step", *preparing.STEPS),
    "kind": lambda fields: fields.choice("kind", "container", "process"),
    "half": lambda fields: fields.choice("half", "source", "target"),
    "number": lambda fields: fields.integer("number", 0, 1000),
    "descriptors": lambda fields: fields.strings("descriptors"),
    "files": lambda fields: fields.paths("files"),
    "mounts": lambda fields: fields.paths("mounts"),
    "output": lambda fields: fields.paths("output"),
    "path": lambda fields: fields.paths("path"),
    "trees": lambda fields: fields.strings("trees"),
    "ports": lambda fields: fields.strings("ports"),
    "volume": Fields.volume,
    "volumes": Fields.volumes,
    "anonymous": lambda fields: fields.volumes("anonymous"),
    "word": lambda fields: fields.matching("word", "no|always"),
}
GOOD: dict[str, Any] = {
    "job": "test-job",
    "name": "cr",
    "token": "t",
    "image": "busybox:latest",
    "pid": 2**22,
    "address": "127.0.0.1",
    "port": 1,
    "keys": 1000,
    "value_bytes": 64,
    "item": "images",
    "signal": "USR1",
    "kind": "container",
    "number": 0,
    "descriptors": [],
    "files": [],
    "mounts": [],
    "output": ["/nowhere/output"],
    "path": ["/nowhere/path"],
    "trees": [],
    "ports": [],
    "networks": {},
    "volume": "data",
    "volumes": [],
    "anonymous": [],
    "word": "no",
    "image_bytes": 0,
    "files_bytes": 0,
    "volumes_bytes": 0,
    "pids": [],
    "lines": 10,
    "peers": {"of": []},
    "step": preparing.KERNEL,
    "source": vars(docker.parse_inspect(text("docker-inspect.json"))),
}


def hostile_values(field: str) -> list[object]:
    return [one for one in HOSTILE if taken(READERS[field], field, one) is None]


@pytest.mark.parametrize(
    ("verb", "field"), [(verb, field) for verb, fields in NEEDED.items() for field in fields]
)
def test_verb_with_a_hostile_field_is_refused_and_runs_nothing(
    verb: str, field: str, tmp_path: Path
):
    for value in hostile_values(field):
        if value == [] and field in ("files", "mounts", "output"):
            continue  # no path at all is no path that leads anywhere
        with pytest.raises(NotPossible) as refused:
            VERBS[verb](Fields({**GOOD, field: value}, tmp_path), OnlyLooks())
        assert refused.value.code == "bad-request", value


def test_every_verb_is_in_the_table_above():
    assert set(VERBS) == set(NEEDED) | WITHOUT_FIELDS


def test_refused_calls_leave_nothing_on_the_disk(tmp_path: Path):
    for verb in set(NEEDED) - {"container_collect"}:
        with pytest.raises(NotPossible):
            VERBS[verb](Fields({}, tmp_path), OnlyLooks())
    assert list(tmp_path.iterdir()) == []
