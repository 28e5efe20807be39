"""How rounds find what changed: by the kernel's tracking, where that says anything."""

from types import SimpleNamespace

import pytest

from migrations_app.engine.report import RoundMethod, Side
from migrations_app.engine.workloads.moving import Mover

MIB = 1 << 20


def method(*, tracked: bool | None, huge: int = 0, memory: int = 64 * MIB) -> RoundMethod:
    criu = None if tracked is None else {"features": {"mem_dirty_track": tracked}}
    run = SimpleNamespace(facts={Side.SOURCE: {"criu": criu}}, huge_bytes=huge, memory_bytes=memory)
    return Mover(run, None, None).method()


@pytest.mark.parametrize(
    ("tracked", "huge", "expected"),
    [
        (True, 0, RoundMethod.PRE_DUMP),
        (True, 16 * MIB, RoundMethod.PRE_DUMP),
        (True, 18 * MIB, RoundMethod.CONTENT),  # two MiB would go for a byte
        (False, 0, RoundMethod.CONTENT),
        (None, 0, RoundMethod.CONTENT),
    ],
)
def test_tracking_is_used_where_the_kernel_has_it_and_pages_are_small(tracked, huge, expected):
    assert method(tracked=tracked, huge=huge) is expected
