"""`manage.py lab up|down|status|shell|reset`: the lab, with its hosts registered in the site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrations_app.lab import LabConfig, LabError
from migrations_app.lab.cli import add_arguments, carry_out
from migrations_app.services.inventory import register_lab_hosts


class Command(BaseCommand):
    help = "Boots lab hosts on this machine and registers them in the site."

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            carry_out(
                LabConfig(
                    instance=settings.INSTANCE,
                    hosts=options.get("hosts"),
                    bare=options.get("bare", 0),
                    docker=options.get("docker"),
                    machine=options.get("machine"),
                    mirror=settings.LAB_MIRROR,
                ),
                options["action"],
                host=options.get("host", ""),
                purge=options.get("purge", False),
                say=self.stdout.write,
                register=register_lab_hosts,
            )
        except LabError as error:
            raise CommandError(error.message) from error
