"""What descriptors, sockets and programs say: recorded texts in, values out."""

import struct

import pytest

from migrations_app.engine.tools import descriptors as ds
from migrations_app.engine.tools import elf, procfs, unix_diag

from .samples import DATA, text


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("/tmp/x", "path"),
        ("/tmp/x (deleted)", "path"),
        ("socket:[152300]", "socket"),
        ("pipe:[3]", "pipe"),
        ("anon_inode:[io_uring]", "anonymous"),
        ("anon_inode:inotify", "anonymous"),
    ],
)
def test_kind_of_a_descriptor(link: str, kind: str):
    assert ds.kind_of(link) == kind


def test_inode_of_a_socket():
    assert ds.socket_inode("socket:[152300]") == 152300
    assert ds.socket_inode("pipe:[152300]") is None


@pytest.mark.parametrize(
    ("link", "supported"),
    [
        ("anon_inode:[eventfd]", True),
        ("anon_inode:inotify", True),
        ("anon_inode:[pidfd]", True),
        ("anon_inode:[userfaultfd]", False),
        ("anon_inode:[perf_event]", False),
        ("anon_inode:bpf-prog", False),
    ],
)
def test_anonymous_descriptors_that_criu_takes_along(link: str, supported: bool):
    assert ds.is_supported_anonymous(ds.anonymous(link)) is supported


def test_only_anonymous_descriptors_have_such_a_name():
    assert ds.anonymous("pipe:[3]") is None


def test_locks_stand_in_the_descriptors_own_file():
    assert ds.locks(text("look/fdinfo-lock.txt")) == ["FLOCK"]
    assert ds.locks("pos:\t0\nflags:\t02\n") == []


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/tmp/x (deleted)", "/tmp/x"),
        ("/tmp/x", None),
        ("/memfd:name (deleted)", None),
        ("/SYSV00000000 (deleted)", None),
    ],
)
def test_file_without_a_name(link: str, path: str | None):
    assert ds.without_name(link) == path


def test_tcp_sockets_with_their_addresses_and_states():
    rows = {row.inode: row for row in ds.parse_tcp(text("look/tcp.txt"))}
    assert (rows[152300].local, rows[152300].port, rows[152300].connected) == (
        *("127.0.0.1", 0x836D),
        False,
    )
    assert rows[152301].connected and rows[152302].connected
    assert rows[148542].local == "0.0.0.0" and not rows[148542].connected


def test_tcp_over_ipv6():
    head = "  sl  local_address remote_address st\n"
    address = "B80D01200000000000000000AC100000"
    line = f"   0: {address}:1F90 {'0' * 32}:0000 0A 0:0 00:0 0 0 0 77 1\n"
    (row,) = ds.parse_tcp(head + line)
    assert row.local == "2001:0db8:0000:0000:0000:0000:0000:10ac" and row.port == 8080


def test_line_that_is_cut_is_no_socket():
    assert ds.parse_tcp("head\n 0: 0100007F:836D 00000000:0000 0A") == []


@pytest.mark.parametrize(
    ("address", "everywhere"),
    [
        ("0.0.0.0", True),
        ("127.0.0.53", True),
        ("192.0.2.7", False),
        ("0000:0000:0000:0000:0000:0000:0000:0001", True),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", False),
    ],
)
def test_addresses_that_every_host_has(address: str, everywhere: bool):
    assert ds.is_any_or_loopback(address) is everywhere


def test_tracer_and_filter_of_a_process():
    assert ds.tracers("Name:\tx\nTracerPid:\t0\n") is None
    assert ds.tracers("TracerPid:\t412\n") == 412
    assert ds.under_seccomp("Seccomp:\t2\n") and not ds.under_seccomp("Seccomp:\t0\n")


@pytest.mark.parametrize("name", ["flags\t\t", "Features\t"])
def test_what_a_processor_can_do(name: str):
    assert ds.cpu_flags(f"processor\t: 0\n{name}: sse2 avx\n\nflags: other\n") == ["avx", "sse2"]


def test_terminal_at_the_other_end_of_a_multiplexer():
    assert ds.terminal_index("pos:\t0\ntty-index:\t4\n") == 4
    assert ds.terminal_index("pos:\t0\n") is None


# --- unix sockets ---------------------------------------------------------------------------------
def test_unix_sockets_name_their_peers():
    found, last = unix_diag.parse((DATA / "look" / "unix-diag.bin").read_bytes())
    by_inode = {one.inode: one for one in found}
    assert last and len(found) == 4
    pairs = [one for one in found if one.peer]
    assert len(pairs) == 2 and by_inode[pairs[0].peer].peer == pairs[0].inode
    assert [one.name for one in found if one.name] == ["@lab-sample"]


def test_answer_in_parts_is_not_the_last():
    data = (DATA / "look" / "unix-diag.bin").read_bytes()
    found, last = unix_diag.parse(data[:-20])
    assert len(found) == 4 and not last


def test_error_of_the_kernel_is_one():
    with pytest.raises(ValueError, match="does not tell"):
        unix_diag.parse(struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -2))


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_datagram_that_is_cut_is_no_endless_loop(cut: int):
    data = (DATA / "look" / "unix-diag.bin").read_bytes()
    try:
        unix_diag.parse(data[:cut])
    except struct.error:
        assert cut > 16


# --- programs -------------------------------------------------------------------------------------
def program(identity: bytes | None) -> bytes:
    """The smallest file that has a note with a build id."""
    note = struct.pack("<III", 4, len(identity or b""), 3) + b"GNU\0" + (identity or b"")
    head = b"\x7fELF\x02\x01" + bytes(26) + struct.pack("<Q", 64) + bytes(14)
    head += struct.pack("<HH", 56, 1) + bytes(6)
    segment = struct.pack("<IIQQQQQQ", 4, 4, 120, 0, 0, len(note), len(note), 4)
    return head + segment + (note if identity is not None else bytes(len(note)))


def test_build_id_of_a_program():
    assert elf.build_id(program(b"\xab\xcd")) == "abcd"


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF\x02\x01", program(None)])
def test_file_without_a_build_id_has_none(data: bytes):
    assert elf.build_id(data) is None


def test_own_addresses_are_those_of_the_host_itself():
    fib = """Main:
  +-- 0.0.0.0/0 2 0 2
     +-- 192.0.2.0/24 2 0 2
           |-- 192.0.2.0
              /24 host LOCAL
           |-- 192.0.2.7
              /32 host LOCAL
           |-- 192.0.2.255
              /32 link BROADCAST
"""
    inet6 = "20010db8000000000000000000000001 02 40 00 80     eth0\n"
    assert procfs.parse_local_addresses(fib, inet6) == [
        "192.0.2.7",
        "2001:0db8:0000:0000:0000:0000:0000:0001",
    ]
