"""The lab's command line, shared by `manage.py lab` and `python -m migrations_app.lab`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import NoReturn

from . import instance
from .config import DockerKind, LabConfig, LabHost, MachineKind, Say

Register = Callable[[list[LabHost]], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up", help="boot the lab hosts that don't run")
    up.add_argument(
        "--hosts", type=int, metavar="N", help="how many (default: as many as there are, or 2)"
    )
    up.add_argument(
        "--bare",
        type=int,
        default=0,
        metavar="N",
        help="bare Debian 13 hosts beside them, without Docker and CRIU, for the site to prepare",
    )
    up.add_argument(
        "--docker",
        type=DockerKind,
        choices=list(DockerKind),
        help="which Docker they have, 28 means 28 or newer (default: as the lab has, or 26);"
        " hosts that have the other are wiped",
    )
    kinds = up.add_mutually_exclusive_group()
    kinds.add_argument(
        "--vm",
        dest="machine",
        action="store_const",
        const=MachineKind.VM,
        help="machines under QEMU with Debian's kernel: slow, and begun anew at each boot",
    )
    kinds.add_argument(
        "--nspawn",
        dest="machine",
        action="store_const",
        const=MachineKind.NSPAWN,
        help="containers of systemd-nspawn with this machine's kernel (what a new lab has)",
    )
    down = actions.add_parser("down", help="stop the lab hosts")
    down.add_argument("--purge", action="store_true", help="and remove all they kept")
    actions.add_parser("status", help="which lab hosts run")
    for name, words in (("shell", "open a shell on a host"), ("reset", "boot a host anew, empty")):
        actions.add_parser(name, help=words).add_argument("host", metavar="HOST")


def carry_out(
    config: LabConfig,
    action: str,
    *,
    host: str = "",
    purge: bool = False,
    say: Say,
    register: Register,
) -> None:
    """Does one action; `register` is told of the hosts after those that boot some.

    Raises LabError.
    """
    if action == "up":
        _report(instance.up(config, say), say, register)
    elif action == "reset":
        _report(instance.reset(config, host, say), say, register)
    elif action == "down":
        (instance.purge if purge else instance.down)(config, say)
    elif action == "status":
        _say_status(config, say)
    else:
        _shell(config, host)


def _report(hosts: list[LabHost], say: Say, register: Register) -> None:
    register(hosts)
    for host in hosts:
        say(f"{host.name} is up at {host.address}")


def _say_status(config: LabConfig, say: Say) -> None:
    hosts = instance.status(config)
    if not hosts:
        say(f"lab {config.instance} has no hosts")
    for host in hosts:
        state = "up" if host.answers else "starting" if host.running else "down"
        what = f"Docker {host.docker}" if host.docker else "bare"
        say(f"{host.name}  {state}  {host.address or '-'}  {what}  {host.machine}")


def _shell(config: LabConfig, host: str) -> NoReturn:
    argv = instance.shell_argv(config, host)
    os.execvp(argv[0], argv)  # noqa: S606 -- the shell takes this program's place
