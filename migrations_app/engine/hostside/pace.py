"""A bandwidth limit: who sends asks before it sends."""

from __future__ import annotations

import threading
import time

BITS_PER_MBIT = 1_000_000
BURST_S = 0.02  # so much may go out at once after a silence


class Pace:
    """Lets through so many bits a second on average, whoever sends; None lets all through."""

    def __init__(self, mbit_s: int | None) -> None:
        self.limited = mbit_s is not None
        self._bytes_per_s = (mbit_s or 0) * BITS_PER_MBIT / 8
        self._free_at = 0.0
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        """Return when so many bytes may be sent."""
        if not self.limited:
            return
        with self._lock:
            now = time.monotonic()
            start = max(self._free_at, now - BURST_S)
            self._free_at = start + count / self._bytes_per_s
        if start > now:
            time.sleep(start - now)
