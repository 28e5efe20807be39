"""Pages on request when an end or the link goes, or says what it must not."""

import socket
from pathlib import Path

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import pages_wire
from migrations_app.engine.hostside.pages import relay_pages
from migrations_app.engine.tools.pagemap import PAGE

from .page_ends import CLOSE, IOV, LIMIT_S, PID, exactly, lazy_image, server_of, way


def test_a_daemon_that_goes_without_a_word_is_told_to_the_source() -> None:
    with way(server_of(10)) as made:
        made.daemon.fetch(0, 1)
        made.daemon.connection.close()
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "daemon ended" in source.message
    assert "daemon ended" in target.message


def test_a_page_server_that_goes_is_told_to_the_target(tmp_path: Path) -> None:
    images = lazy_image(tmp_path, (0, 500))
    with way(server_of(500, gone_after=3), images=images) as made:
        made.daemon.ask(0)
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "page server ended" in source.message
    assert "page server ended" in target.message


@pytest.mark.parametrize("side", [0, 1])
def test_a_link_that_breaks_is_noticed_on_both_sides(side: int) -> None:
    with way(server_of(10)) as made:
        made.daemon.fetch(0, 1)
        made.link[side].shutdown(socket.SHUT_RDWR)
        source, target = made.end()
    assert source.code == target.code == "pages-lost"


def test_silence_ends_it() -> None:
    with way(server_of(10), limit_s=0.05) as made:
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "too long" in source.message + target.message


FRAME = pages_wire.HEAD.pack


@pytest.mark.parametrize(
    "sent",
    [
        FRAME(99, 0, 0, 0, 0),
        FRAME(pages_wire.PLAIN, 1, PAGE - 1, PID, 0),
        FRAME(pages_wire.PLAIN, pages_wire.PIECE + 1, (pages_wire.PIECE + 1) * PAGE, PID, 0),
        FRAME(pages_wire.PLAIN, 0, 0, PID, 0),
        FRAME(pages_wire.PACKED, 1, PAGE + 1, PID, 0),
        FRAME(pages_wire.PACKED, 1, 10, PID, 0) + bytes(10),
        FRAME(pages_wire.SAME, 1, 0, PID, 0),
    ],
)
def test_a_damaged_frame_is_refused(sent: bytes) -> None:
    (ours, theirs), (local, _daemon) = socket.socketpair(), socket.socketpair()
    with ours, theirs, local, _daemon:
        ours.settimeout(LIMIT_S)
        theirs.sendall(sent)
        with pytest.raises(StepFailed) as refused:
            relay_pages(ours, local)
    assert refused.value.code == "channel-broken"


def test_a_daemon_that_has_every_page_ends_well_though_the_link_breaks() -> None:
    """It asks for the end when it has them all: what is lost after that is only our answer."""
    with way(server_of(4)) as way_:
        way_.daemon.fetch(0, 4)
        way_.server_end[1].settimeout(LIMIT_S)
        way_.daemon.connection.sendall(IOV.pack(CLOSE, 0, 0, 0))
        way_.link[0].shutdown(socket.SHUT_RDWR)
        assert exactly(way_.daemon.connection, 4) == bytes(4)
        _, relayed = way_.end()
        assert relayed.pages == 4
