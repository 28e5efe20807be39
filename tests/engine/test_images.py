"""CRIU's images read by ourselves: built here field by field, as images/*.proto says."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine.errors import StepFailed
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.library import kept_inspect, kept_list, kept_remove
from migrations_app.engine.hostside.run import Runner
from migrations_app.engine.tools import images, pagemap

ENVIRONMENT = b"PATH=/bin\0SECRET_KEY=hunter2\0not a name\0EMPTY=\0"
START = 0x7000


def varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    made = b""
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            made += varint(number << 3 | 2) + varint(len(value)) + value
    return made


def image(*bodies: bytes) -> bytes:
    head = struct.pack("<II", 0x54564319, 1)
    return head + b"".join(struct.pack("<I", len(one)) + one for one in bodies)


def counter() -> dict[str, bytes]:
    """A shell that counts: a file, a connection, a heap, and an environment with a secret."""
    regular = message((1, 1), (2, 7), (3, message((1, 7), (6, b"bin/busybox"))))
    sock = message((1, 4), (2, 8), (4, message((1, 8), (7, 4711), (8, 80))))
    unix = message((1, 5), (2, 9), (16, message((1, 9), (11, b"\0bus"))))
    heap = message((1, 0x1000), (2, 0x3000), (7, 1 | 1 << 5 | 1 << 9))
    mapped = message((1, 0x5000), (2, 0x6000), (4, 7), (7, 1 | 1 << 6))
    memory = message((10, START), (11, START + len(ENVIRONMENT)), (14, heap), (14, mapped))
    pages = pagemap.PageMap(1, [pagemap.Entry(0x1000, 1, 4), pagemap.Entry(START, 1, 4)])
    return {
        "pstree.img": image(message((1, 12), (2, 0), (3, 12), (4, 12), (5, 12), (5, 13))),
        "files.img": image(regular, sock, unix),
        "core-12.img": image(message((1, 1), (3, message((1, 1), (6, b"busybox"))))),
        "ids-12.img": image(message((1, 1), (2, 5))),
        "fdinfo-5.img": image(
            message((1, 7), (3, 1), (4, 1)),
            message((1, 8), (3, 4), (4, 3)),
            message((1, 9), (3, 5), (4, 4)),
        ),
        "mm-12.img": image(memory),
        "pagemap-12.img": pagemap.serialise(pages),
        "pages-1.img": bytes(4096) + ENVIRONMENT.ljust(4096, b"\0"),
    }


def test_process_is_told_with_its_files_maps_and_environment():
    (process,) = images.processes(counter().get)
    assert (process["pid"], process["parent"], process["threads"]) == (12, 0, 2)
    assert process["name"] == "busybox"
    assert process["files"] == [
        {"fd": 1, "kind": "file", "name": "/bin/busybox"},
        {"fd": 3, "kind": "internet socket", "name": "port 4711 to port 80"},
        {"fd": 4, "kind": "unix socket", "name": "@bus"},
    ]
    assert [(area["kind"], area["name"]) for area in process["areas"]] == [
        ("heap", ""),
        ("file", "/bin/busybox"),
    ]
    assert images.memory_bytes(process["areas"]) == 0x3000


def test_environment_is_told_by_its_names_and_never_by_its_values():
    (process,) = images.processes(counter().get)
    assert process["environment"] == ["EMPTY", "PATH", "SECRET_KEY"]
    assert "hunter2" not in repr(process)


@pytest.mark.parametrize("name", ["pages-1.img", "pagemap-12.img", "mm-12.img"])
def test_environment_that_is_not_in_the_image_is_unknown(name: str):
    parts = counter()
    del parts[name]
    (process,) = images.processes(parts.get)
    assert process["environment"] is None


@pytest.mark.parametrize("name", ["pstree.img", "files.img"])
def test_image_without_its_tree_is_damaged(name: str):
    parts = counter()
    del parts[name]
    with pytest.raises(StepFailed) as failed:
        images.processes(parts.get)
    assert failed.value.code == "image-damaged"


@given(st.binary(max_size=60))
def test_whatever_lies_there_is_read_or_called_damaged(data: bytes):
    for some in (data, struct.pack("<II", 0x54564319, 1) + data):
        try:
            images.messages(some)
        except StepFailed as failed:
            assert failed.code == "image-damaged"


# --- verbs ----------------------------------------------------------------------------------------
def kept(tmp_path, job: str = "j-1") -> Fields:
    folder = tmp_path / "kept" / job / "images"
    folder.mkdir(parents=True)
    for name, data in counter().items():
        (folder / name).write_bytes(data)
    return Fields({"job": job}, tmp_path)


def test_kept_images_are_listed_inspected_and_removed(tmp_path):
    fields, runner = kept(tmp_path), Runner()
    size = sum(map(len, counter().values()))
    assert kept_list(fields, runner) == {"kept": {"j-1": size}}
    seen = kept_inspect(fields, runner)
    assert seen["bytes"] == size and seen["processes"][0]["name"] == "busybox"
    assert seen["statistics"] == {}
    assert kept_remove(fields, runner) == {"removed": True}
    assert kept_remove(fields, runner) == {"removed": False}
    assert kept_list(fields, runner) == {"kept": {}}


def test_images_that_are_gone_are_said_to_be(tmp_path):
    with pytest.raises(Exception, match="no images of j-2") as refused:
        kept_inspect(Fields({"job": "j-2"}, tmp_path), Runner())
    assert refused.value.code == "images-gone"


def test_folder_without_an_image_is_damaged(tmp_path):
    (tmp_path / "kept" / "j-3").mkdir(parents=True)
    with pytest.raises(StepFailed) as failed:
        kept_inspect(Fields({"job": "j-3"}, tmp_path), Runner())
    assert failed.value.code == "image-damaged"
