"""Redis's protocol: what is sent, and what comes back cut anywhere."""

import pytest

from migrations_app.engine.hostside.resp import Refusal, Replies, Reply, command

TEXT = (
    b"+OK\r\n-LOADING it reads\r\n:-7\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
    b"*3\r\n$1\r\nx\r\n$-1\r\n*2\r\n:1\r\n+y\r\n"
)
MEANT: list[Reply] = [
    b"OK",
    Refusal("LOADING it reads"),
    -7,
    b"a\r\nbc",
    b"",
    None,
    None,
    [],
    [b"x", None, [1, b"y"]],
]


def test_a_command_is_an_array_of_strings_that_may_hold_anything() -> None:
    assert command(b"SET", b"k", b"a\r\nb") == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"
    assert Replies().take(command(b"GET", b"")) == [[b"GET", b""]]


@pytest.mark.parametrize("at", range(len(TEXT) + 1))
def test_replies_are_the_same_wherever_they_are_cut(at: int) -> None:
    replies = Replies()
    assert [*replies.take(TEXT[:at]), *replies.take(TEXT[at:])] == MEANT


def test_replies_come_as_soon_as_they_are_whole_byte_by_byte() -> None:
    replies = Replies()
    found = [replies.take(bytes([byte])) for byte in TEXT]
    assert [one for some in found for one in some] == MEANT
    assert found[4] == [b"OK"] and found[3] == []


@pytest.mark.parametrize("text", [b"HTTP/1.1 400\r\n", b"\r\n", b":one\r\n", b"$x\r\n"])
def test_what_is_no_resp_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"RESP|invalid literal"):
        Replies().take(text)
