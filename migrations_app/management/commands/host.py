"""`manage.py host add|list|check|trust|remove`: machines besides the lab's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from migrations_app import adapters, crypto, selectors
from migrations_app.engine.errors import HostError
from migrations_app.models import Host
from migrations_app.services import inventory
from migrations_app.services.addresses import checked_address
from migrations_app.services.codes import Refused
from migrations_app.words import ERRORS, explain


class Command(BaseCommand):
    help = "Registers and removes hosts, and shows what is known about them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="all hosts and their state")
        add = actions.add_parser("add", help="register a machine")
        add.add_argument("name")
        add.add_argument("address")
        add.add_argument("--port", type=int, default=22)
        add.add_argument("--user", default="root")
        add.add_argument("--key-file", type=Path, help="private key; without it one is made")
        for action, purpose in (
            ("check", "look at it again"),
            ("prepare", "have its Docker know our runtime: changes files on it"),
            ("trust", "pin the key that it shows now"),
            ("remove", "forget it"),
        ):
            actions.add_parser(action, help=purpose).add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except Refused as refusal:
            said = explain(ERRORS, refusal.code, refusal.values)
            raise CommandError("\n".join((said.title, said.why, said.todo))) from refusal
        except HostError as error:
            raise CommandError(error.message) from error

    def _list(self, options: dict[str, Any]) -> None:
        for host in selectors.hosts():
            address = f"{host.user}@{host.address}:{host.port}"
            self.stdout.write(f"{host.name}\t{address}\t{host.get_state_display()}")

    def _add(self, options: dict[str, Any]) -> None:
        address = checked_address(options["address"])
        host_key = self._confirmed_key(address, options["port"])
        private_key = (
            options["key_file"].read_text() if options["key_file"] else crypto.new_private_key()
        )
        inventory.register_host(
            **{name: options[name] for name in ("name", "port", "user")},
            address=address,
            host_key=host_key,
            private_key=private_key,
            created_by=None,
        )
        if not options["key_file"]:
            self.stdout.write(_("Add this line to %s's authorized_keys:") % options["user"])
            self.stdout.write(crypto.public_line(private_key))

    def _check(self, options: dict[str, Any]) -> None:
        inventory.request_host_check(host=_host(options["name"]))

    def _prepare(self, options: dict[str, Any]) -> None:
        inventory.request_preparation(host=_host(options["name"]), user=None)
        self.stdout.write(_("A worker will do it in a moment; the host's page says how it went."))

    def _trust(self, options: dict[str, Any]) -> None:
        host = _host(options["name"])
        host_key = self._confirmed_key(host.address, host.port)
        inventory.pin_host_key(host=host, host_key=host_key, user=None)

    def _remove(self, options: dict[str, Any]) -> None:
        inventory.remove_host(host=_host(options["name"]), user=None)

    def _confirmed_key(self, address: str, port: int) -> str:
        """The key the machine shows, after somebody has compared its fingerprint."""
        key = adapters.scan_host_key(address, port)
        self.stdout.write(_("It shows this key: %s") % adapters.fingerprint(key))
        self.stdout.write(
            _("Is it the one that the machine's owner tells you? Type yes: "), ending=""
        )
        if sys.stdin.readline().strip() != "yes":
            raise CommandError(_("Nothing was changed."))
        return key


def _host(name: str) -> Host:
    host = selectors.host_named(name)
    if host is None:
        raise CommandError(_("There is no host of that name."))
    return host
