"""manage.py bench_site: how fast every page answers with many jobs (scripts/bench-site)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from migrations_app.models import MigrationJob
from migrations_app.site_bench.document import document, table
from migrations_app.site_bench.fill import GENERATED, NotOurs, fill
from migrations_app.site_bench.measure import client_of, timing_of
from migrations_app.site_bench.pages import pages


class Command(BaseCommand):
    help = "Fills a database with generated jobs and measures every page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--jobs", type=int, default=100_000, help="how many there shall be")
        parser.add_argument("--rounds", type=int, default=15, help="how often a page is asked for")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", type=Path, help="where the figures are written")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fill(options["jobs"], seed=options["seed"], say=self._say)
        except NotOurs:
            raise CommandError("This database has jobs that nobody generated.") from None
        told = self._measured(options["rounds"], options["seed"])
        if options["json"]:
            options["json"].write_text(json.dumps(told, indent=1) + "\n")
        self.stdout.write(table(told))
        slow = [row["page"]["name"] for row in told["pages"] if not row["holds"]]
        if slow:
            raise CommandError(f"Slower than {told['most_ms']:.0f} ms: {', '.join(slow)}")

    def _measured(self, rounds: int, seed: int) -> dict[str, Any]:
        client = client_of(User.objects.get(username=f"{GENERATED}-0"))
        found = [timing_of(page, client, rounds) for page in pages()]
        timings = [timing for timing in found if timing is not None]
        return document(timings, jobs=MigrationJob.objects.count(), rounds=rounds, seed=seed)

    def _say(self, text: str) -> None:
        self.stderr.write(text)
