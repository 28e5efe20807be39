"""manage.py figures: makes the sums of finished runs anew (services/figures.py)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from migrations_app.services.figures import rebuild_figures


class Command(BaseCommand):
    help = "Makes the sums that history and comparison read anew, from the jobs' rows."

    def handle(self, *args: Any, **options: Any) -> None:
        count = rebuild_figures()
        self.stdout.write(f"Sums of {count} configurations were made anew.")
