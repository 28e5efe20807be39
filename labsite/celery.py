"""The Celery application. Messages are hints; the database is the truth."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, bootsteps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labsite.settings")

app = Celery("labsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Heartbeat(bootsteps.StartStopStep):
    """Sets a key in Redis while the worker lives, so that the pages can tell when none does.

    On the timer of the worker's main process: it goes on while all slots are at work.
    """

    requires = ("celery.worker.components:Timer",)
    EVERY_S = 5.0

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        from migrations_app.live import show_life  # noqa: PLC0415  needs the applications loaded

        show_life()
        self._entry = parent.timer.call_repeatedly(self.EVERY_S, show_life)

    def stop(self, parent: Any) -> None:
        if self._entry is not None:
            self._entry.cancel()


app.steps["worker"].add(Heartbeat)
