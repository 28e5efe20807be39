"""From host to host over loopback: what arrives, and what is refused and told."""

import io
import os
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.certificates import Pair, make_pair
from migrations_app.engine.hostside import jobs, packing, transfer
from migrations_app.engine.hostside.channel import FrameWriter, receive_json, send_json
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.pace import Pace
from migrations_app.engine.hostside.run import Runner

SOURCE, TARGET, STRANGER = (make_pair(name) for name in ("source", "target", "stranger"))
JOB = "j-1"


@dataclass
class Ends:
    """A listening target and what a source needs to send to it; each has a folder of its own."""

    source_root: Path
    target_root: Path
    port: int = 0
    encrypted: bool = True
    token: str = "secret"
    ours: Pair = SOURCE
    compression: str = packing.NONE

    def target(self, **params: Any) -> Fields:
        return self._fields(self.target_root, TARGET, SOURCE, **params)

    def source(self, **params: Any) -> Fields:
        where = {"address": "127.0.0.1", "port": self.port}
        return self._fields(self.source_root, self.ours, TARGET, **where, **params)

    def _fields(self, root: Path, ours: Pair, peer: Pair, **params: Any) -> Fields:
        pems = {"certificate": ours.certificate, "key": ours.key, "peer": peer.certificate}
        common = {"job": JOB, "token": self.token, "encrypted": self.encrypted, "limit_s": 5}
        common["compression"] = self.compression
        return Fields({**common, **pems, **params}, root)

    def send(self, item: str, **params: Any) -> dict[str, Any]:
        return transfer.channel_send(self.source(item=item, **params), Runner())

    @property
    def image(self) -> Path:
        """Where the source has its image."""
        return jobs.open_folder(self.source_root / "jobs" / JOB) / "images"

    @property
    def arrived(self) -> Path:
        return self.target_root / "jobs" / JOB / "images"


@contextmanager
def listening(folder: Path, files: list[str] | None = None, **options: Any) -> Iterator[Ends]:
    ends = Ends(folder / "source", folder / "target", **options)
    opened = ends.target(files=files or [])
    ends.port = transfer.channel_open(opened, Runner())["port"]
    try:
        yield ends
    finally:
        transfer.channel_close(opened, Runner())


@pytest.mark.parametrize("encrypted", [True, False], ids=["tls", "plain"])
def test_image_arrives_whole_with_modes_and_is_counted(tmp_path: Path, encrypted: bool):
    with listening(tmp_path, encrypted=encrypted) as ends:
        pages = os.urandom(3 * 2**20)
        (ends.image / "pages-1.img").write_bytes(pages)
        (ends.image / "below").mkdir()
        (ends.image / "below" / "core-1.img").write_bytes(b"")
        (ends.image / "pages-1.img").chmod(0o640)
        sent = ends.send("images")
    assert (ends.arrived / "pages-1.img").read_bytes() == pages
    assert (ends.arrived / "pages-1.img").stat().st_mode & 0o777 == 0o640
    assert (ends.arrived / "below" / "core-1.img").read_bytes() == b""
    assert sent["bytes"] > len(pages) and sent["end_ns"] > sent["start_ns"]


def test_several_items_go_one_after_another(tmp_path: Path):
    with listening(tmp_path) as ends:
        for number in range(3):
            (ends.image / f"pages-{number}.img").write_bytes(b"x")
            ends.send("images")
        assert len(list(ends.arrived.iterdir())) == 3


def test_wrong_certificate_is_refused_and_nothing_arrives(tmp_path: Path):
    with listening(tmp_path) as ends:
        (ends.image / "core-1.img").write_bytes(b"x")
        ends.ours = STRANGER
        with pytest.raises((OSError, StepFailed)):
            ends.send("images")
        assert list(ends.arrived.iterdir()) == []


def test_wrong_token_is_refused_and_nothing_arrives(tmp_path: Path):
    with listening(tmp_path) as ends:
        (ends.image / "core-1.img").write_bytes(b"x")
        ends.token = "guess"
        with pytest.raises((OSError, StepFailed)):
            ends.send("images")
        assert list(ends.arrived.iterdir()) == []


def test_plain_source_gets_nowhere_at_a_target_that_wants_tls(tmp_path: Path):
    with listening(tmp_path) as ends:
        ends.encrypted = False
        with pytest.raises((OSError, StepFailed)):
            ends.send("images")


def test_next_source_is_served_after_one_that_was_refused(tmp_path: Path):
    with listening(tmp_path) as ends:
        socket.create_connection(("127.0.0.1", ends.port)).close()
        (ends.image / "core-1.img").write_bytes(b"x")
        ends.send("images")
        assert (ends.arrived / "core-1.img").exists()


def test_file_that_is_not_on_the_list_is_refused_and_that_is_told(tmp_path: Path):
    other = tmp_path / "other"
    other.write_text("mine")
    allowed, match = [str(tmp_path / "output")], "unexpected file"
    with listening(tmp_path, allowed) as ends, pytest.raises(StepFailed, match=match) as refused:
        ends.send("files", files=[str(other)])
    assert refused.value.code == "transfer-failed"


def hand_made(ends: Ends, member: tarfile.TarInfo, item: str, data: bytes = b"") -> dict[str, Any]:
    """What the target answers a source that packs its archive itself."""
    raw = socket.create_connection(("127.0.0.1", ends.port), 5)
    context = transfer._context(ends.source(), server=False)
    with transfer._wrapped(raw, context, server=False) as connection:
        send_json(connection, {"token": ends.token, "item": {"kind": item}})
        writer = FrameWriter(connection, packing.NONE, Pace(None))
        with tarfile.open(fileobj=writer, mode="w|") as archive:
            archive.addfile(member, io.BytesIO(data))
        writer.finish()
        return receive_json(connection)


def member(name: str, **values: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(made, key, value)
    return made


def test_file_on_the_list_arrives_at_its_own_place_with_its_mode(tmp_path: Path):
    place = tmp_path / "place" / "output"
    with listening(tmp_path, [str(place)]) as ends:
        sent = member(str(place).lstrip("/"), size=4, mode=0o604)
        assert "bytes" in hand_made(ends, sent, "files", b"1\n2\n")
    assert place.read_text() == "1\n2\n" and place.stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize(
    "bad",
    [
        member("../outside"),
        member("a/../../outside"),
        member("/outside"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("hard", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        member("device", type=tarfile.CHRTYPE),
        member("fifo", type=tarfile.FIFOTYPE),
    ],
    ids=lambda bad: bad.name,
)
def test_archive_that_would_leave_its_folder_is_refused(tmp_path: Path, bad: tarfile.TarInfo):
    with listening(tmp_path) as ends:
        answer = hand_made(ends, bad, "images")
        assert answer["error"]["code"] == "transfer-failed"
        assert list(ends.arrived.iterdir()) == []
    assert not (tmp_path / "target" / "outside").exists() and not Path("/outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_allowed_name_is_not_enough_for_a_link(tmp_path: Path, kind: bytes):
    place = tmp_path / "output"
    with listening(tmp_path, [str(place)]) as ends:
        bad = member(str(place).lstrip("/"), type=kind, linkname="/etc/passwd")
        assert "error" in hand_made(ends, bad, "files")
    assert not place.is_symlink() and not place.exists()


def test_item_that_there_is_not_is_told(tmp_path: Path):
    with listening(tmp_path) as ends:
        answer = hand_made(ends, member("x"), "passwords")
    assert answer["error"]["code"] == "bad-request"


def test_image_with_a_link_in_it_does_not_go_over(tmp_path: Path):
    with listening(tmp_path) as ends:
        (ends.image / "link").symlink_to("/etc/passwd")
        with pytest.raises(StepFailed, match="unexpected member"):
            ends.send("images")


def test_target_that_is_closed_refuses_at_once(tmp_path: Path):
    with listening(tmp_path) as ends:
        pass
    with pytest.raises(StepFailed, match="no connection to 127") as refused:
        ends.send("images")
    assert refused.value.code == "target-unreachable"


def test_closing_is_told_whether_there_was_something_to_close(tmp_path: Path):
    with listening(tmp_path) as ends:
        assert transfer.channel_close(ends.target(), Runner()) == {"closed": True}
        assert transfer.channel_close(ends.target(), Runner()) == {"closed": False}


def test_opening_again_leaves_one_listener(tmp_path: Path):
    with listening(tmp_path) as first, listening(tmp_path) as second:
        (second.image / "core-1.img").write_bytes(b"x")
        second.send("images")
        with pytest.raises(StepFailed, match="no connection"):
            first.send("images")


@contextmanager
def tiny_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk that is full needs root and mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_full_disk_on_the_target_is_told_to_the_source(tmp_path: Path):
    with tiny_disk(tmp_path / "target"), listening(tmp_path) as ends:
        (ends.image / "pages-1.img").write_bytes(os.urandom(4 * 2**20))
        with pytest.raises(StepFailed, match="disk is full") as full:
            ends.send("images")
    assert full.value.code == "target-disk-full"
