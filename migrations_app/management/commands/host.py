"""`manage.py host add|list|check|trust|remove`: machines besides the lab's own."""

from __future__ import annotations

import getpass
import shlex
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from migrations_app import adapters, crypto, selectors
from migrations_app.engine.errors import EngineError
from migrations_app.models import Host
from migrations_app.services import adding, inventory, preparing
from migrations_app.services.addresses import resolved_address
from migrations_app.services.codes import Refused
from migrations_app.words import ERRORS, OBSTACLES, PREPARING, explain, title_of


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
        add.add_argument(
            "--password", action="store_true", help="ask for the user's password, once"
        )
        add.add_argument("--key-file", type=Path, help="private key; without it one is made")
        for action, purpose in (
            ("check", "look at it again"),
            ("prepare", "show what it lacks, and install that after a yes"),
            ("trust", "pin the key that it shows now"),
            ("remove", "forget it"),
        ):
            parser_of_it = actions.add_parser(action, help=purpose)
            parser_of_it.add_argument("name")
            if action == "prepare":
                parser_of_it.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except Refused as refusal:
            said = explain(ERRORS, refusal.code, refusal.values)
            raise CommandError("\n".join((said.title, said.why, said.todo))) from refusal
        except EngineError as error:
            said = explain(ERRORS, error.code, {})
            words = "\n".join((said.title, said.why, said.todo, error.message))
            raise CommandError(words) from error

    def _list(self, options: dict[str, Any]) -> None:
        for host in selectors.hosts(None):
            address = f"{host.user}@{host.address}:{host.port}"
            self.stdout.write(f"{host.name}\t{address}\t{host.get_state_display()}")

    def _add(self, options: dict[str, Any]) -> None:
        address = resolved_address(options["address"])
        host_key = self._confirmed_key(address, options["port"])
        given = options["key_file"]
        host = inventory.register_host(
            **{name: options[name] for name in ("name", "port", "user")},
            address=address,
            asked=options["address"],
            host_key=host_key,
            private_key=given.read_text() if given else crypto.new_private_key(),
            created_by=None,
        )
        if not given:
            self._let_in(host, with_password=options["password"])

    def _let_in(self, host: Host, *, with_password: bool) -> None:
        """By a password that is typed now and kept nowhere, or by the block that is printed."""
        if with_password:
            password = getpass.getpass(_("Password of %s, used once: ") % host.user)
            adding.let_in_by_password(host=host, password=password, user=None)
        if not with_password or host.user != "root":
            self.stdout.write(_("Paste this into a shell of %s on the host:") % host.user)
            self.stdout.write(adding.block_for(host))

    def _check(self, options: dict[str, Any]) -> None:
        inventory.request_host_check(host=_host(options["name"]))

    def _prepare(self, options: dict[str, Any]) -> None:
        """Shows every command, and has a worker run them after a yes."""
        host = _host(options["name"])
        steps = [step for step in preparing.plan_for(host) if step.needed]
        if not steps:
            raise CommandError(_("There is no plan yet: have the host checked first."))
        for step in steps:
            self.stdout.write(f"{title_of(PREPARING, step.name)}")
            if step.obstacle:
                self.stdout.write(f"  # {title_of(OBSTACLES, step.obstacle)}")
            for command in step.commands:
                self.stdout.write(f"  {shlex.join(command)}")
        self._require_yes(_("Run these on %s? Type yes: ") % host.name, given=options["yes"])
        names = [step.name for step in steps if not step.obstacle]
        preparing.ask_for_steps(host=host, names=names, agreed=None, user=None)
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
        self._require_yes(_("Is it the one that the machine's owner tells you? Type yes: "))
        return key

    def _require_yes(self, question: str, *, given: bool = False) -> None:
        """Raises CommandError for any other answer."""
        if given:
            return
        self.stdout.write(question, ending="")
        if sys.stdin.readline().strip() != "yes":
            raise CommandError(_("Nothing was changed."))


def _host(name: str) -> Host:
    host = selectors.host_named(None, name)
    if host is None:
        raise CommandError(_("There is no host of that name."))
    return host
