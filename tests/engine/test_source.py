"""The source's half of a hand-over, before anything was frozen."""

import socket
from pathlib import Path

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.certificates import make_pair
from migrations_app.engine.hostside import jobs, source
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Runner


class WaitingDump:
    """A CRIU that is up and was told nothing yet."""

    closed = False

    def close(self) -> None:
        self.closed = True


def fields_for(port: int, root: Path) -> Fields:
    ours, peer = make_pair("source"), make_pair("target")
    pems = {"certificate": ours.certificate, "key": ours.key, "peer": peer.certificate}
    where = {"address": "127.0.0.1", "port": port, "token": "secret", "encrypted": True}
    what = {"job": "j-1", "kind": "process", "pid": 7, "lazy": False, "limit_s": 0.3}
    return Fields({**pems, **where, **what}, root)


@pytest.mark.parametrize("silent", [True, False], ids=["stands-still", "gone"])
def test_journal_tells_that_a_target_without_an_answer_was_never_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    """A journal that knows nothing would mean that the job was cleaned up: all could be true."""
    dump = WaitingDump()
    monkeypatch.setattr(source, "make_dump", lambda *_, **__: dump)
    monkeypatch.setattr(jobs, "MEMORY", tmp_path / "memory")
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections, says nothing
        fields = fields_for(server.getsockname()[1], tmp_path)
        if not silent:
            server.close()
        with pytest.raises(StepFailed) as failed:
            source.hand_over(fields, Runner())
    assert failed.value.code == ("transfer-failed" if silent else "target-unreachable")
    assert jobs.read(fields.job_folder())["asked"] is False
    assert dump.closed
