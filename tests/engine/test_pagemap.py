"""CRIU's page maps: what is written is read again, older forms are read, damage is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine import StepFailed
from migrations_app.engine.tools.pagemap import (
    LAZY,
    PAGE,
    PARENT,
    PRESENT,
    Entry,
    PageMap,
    parse,
    serialise,
)

MAGIC = bytes.fromhex("1943565425400856")
# The beginning of a map that CRIU 4.2.1 wrote for migration-lab-memory.
RECORDED = MAGIC + bytes.fromhex(
    "02000000 0801"
    "0b000000 0880a08002 1000 2004 2801"
    "0b000000 0880a0a902 1000 2004 2805"
    "0b000000 0880c0aa02 1000 2006 2801"
)


def message(body: str) -> bytes:
    raw = bytes.fromhex(body)
    return struct.pack("<I", len(raw)) + raw


def map_of(*entries: str) -> bytes:
    return MAGIC + message("0807") + b"".join(map(message, entries))


def test_a_map_that_criu_wrote_is_read_and_written_to_the_byte() -> None:
    found = parse(RECORDED)
    assert found == PageMap(
        1,
        [
            Entry(0x401000, 1, PRESENT),
            Entry(0x4A5000, 5, PRESENT),
            Entry(0x4AA000, 1, PRESENT | LAZY),
        ],
    )
    assert found.pages_name == "pages-1.img"
    assert serialise(found) == RECORDED


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        ("08 8020 10 03", Entry(PAGE, 3, PRESENT)),
        ("08 8020 10 03 18 01", Entry(PAGE, 3, PARENT)),
        ("08 8020 10 03 18 00", Entry(PAGE, 3, PRESENT)),
        ("08 8020 10 00 20 02 28 8002", Entry(PAGE, 256, LAZY)),
    ],
)
def test_older_forms_are_read_as_criu_reads_them(body: str, entry: Entry) -> None:
    assert parse(map_of(body)).entries == [entry]


@given(
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(st.integers(0, 2**20), st.integers(1, 2**21), st.integers(0, 7)), max_size=20
    ),
)
def test_what_is_written_is_read_again(pages_id: int, runs: list[tuple[int, int, int]]) -> None:
    entries, at = [], 0
    for gap, pages, flags in runs:
        entries.append(Entry(at + gap * PAGE, pages, flags))
        at = entries[-1].end
    assert parse(serialise(PageMap(pages_id, entries))) == PageMap(pages_id, entries)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 20,
        MAGIC,
        RECORDED[:-1],
        RECORDED[:-12],
        RECORDED + b"\0",
        MAGIC + message(""),
        map_of("08 8020 10 00"),
        map_of("08 8120 10 01"),
        map_of("10 01"),
        map_of("08 8020 10 01 0a 00"),
        map_of("08 8020 10 02", "08 8040 10 01"),
        map_of("08 8040 10 01", "08 8020 10 01"),
        map_of("08 80e0ffffffffffffff01 10 02"),
        map_of("08 80e0ffffffffffffffff01 10 01"),
    ],
)
def test_a_damaged_map_is_refused(data: bytes) -> None:
    with pytest.raises(StepFailed, match="damaged") as refused:
        parse(data)
    assert refused.value.code == "image-damaged"
