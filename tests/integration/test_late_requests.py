"""A request that lay in TCP while the network was cut begins nothing when it arrives."""

from __future__ import annotations

import time

import pytest

from migrations_app.engine import HostSessionLost, SshHost
from migrations_app.engine.catalogue import CATALOGUE

from .conftest import Pair
from .moves import NAME
from .traps import HEAL, cut

pytestmark = pytest.mark.integration
PLACE = f"/var/lib/migration-lab/workloads/{NAME}"
CUT_S = 15  # longer than a request may wait for its beginning, which is ten seconds
ARRIVED_S = 18  # after it: TCP tries again 0.2, 0.4, … 12.8 s after it tried last


def begin(host: SshHost) -> None:
    """Asked while the host hears nothing: given up, and still under way."""
    argv = list(CATALOGUE["counter"].argv(CATALOGUE["counter"].checked({})))
    with pytest.raises(HostSessionLost):
        host.ask("process_start", {"name": NAME, "argv": argv}, timeout_s=2)


def test_request_that_arrives_after_a_cut_begins_nothing(clean_pair: Pair) -> None:
    host = clean_pair.a
    controller = clean_pair.run(host, "echo ${SSH_CLIENT%% *}").strip()
    rule = cut("input", f"ip saddr {controller} tcp dport 22 drop")
    healing = f"({rule}; sleep {CUT_S}; {HEAL}) >/dev/null 2>&1 </dev/null &"
    clean_pair.run(host, healing)
    healed = time.monotonic() + CUT_S
    time.sleep(1)  # it began beside us
    begin(host)
    time.sleep(healed - time.monotonic() + ARRIVED_S)
    assert clean_pair.run(host, f"ls -d {PLACE} || true") == ""
