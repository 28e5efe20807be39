"""The engine by itself: migrate between two hosts, print the report as JSON.

    python -m migrations_app.engine migrate --source root@ADDRESS --target root@ADDRESS
        --identity KEYFILE --known-hosts FILE (--container NAME | --pid PID) --report FILE

Exit status: 0 succeeded, 1 failed (the workload is where the report says), 2 wrong usage,
3 in doubt.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from . import (
    Check,
    CheckOutcome,
    Compression,
    EngineError,
    Event,
    Host,
    MigrationPlan,
    Operation,
    Outcome,
    PhaseEnded,
    PreCopyRules,
    ProofKind,
    Report,
    SshHost,
    SshTarget,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    check_only,
    connect,
    known_host_key,
    migrate,
)
from .workload_checks import MESSAGES

Answer = TypeVar("Answer")

EXIT = {Outcome.SUCCEEDED: 0, Outcome.FAILED: 1, Outcome.IN_DOUBT: 3}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m migrations_app.engine")
    command = made.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "migrate", help="migrate a container or a process between two hosts"
    )
    command.add_argument("--source", required=True, metavar="USER@ADDRESS[:PORT]")
    command.add_argument("--target", metavar="USER@ADDRESS[:PORT]", help="for operation migrate")
    command.add_argument("--identity", required=True, type=Path, help="our private key, ed25519")
    command.add_argument("--known-hosts", required=True, type=Path, help="pins the hosts' keys")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--container", metavar="NAME")
    what.add_argument("--pid", type=int)
    command.add_argument("--operation", type=Operation, choices=list(Operation), default="migrate")
    command.add_argument("--strategy", type=Strategy, choices=list(Strategy), default="cold")
    command.add_argument("--proof", type=ProofKind, choices=list(ProofKind), default="sequence")
    command.add_argument("--plain", action="store_true", help="no encryption between the hosts")
    _add_options(command)
    command.add_argument(
        "--skip-check",
        action="append",
        default=[],
        choices=sorted(MESSAGES),
        metavar="CODE",
        help="goes on although this check of the workload fails; may be given again",
    )
    command.add_argument("--check-only", action="store_true", help="look, and touch nothing")
    command.add_argument("--report", type=Path, help="write the report there, too")
    return made


def _add_options(command: argparse.ArgumentParser) -> None:
    """What the fast strategies can be told; ranges as in plan.RANGES."""
    command.add_argument(
        "--compression", type=Compression, choices=list(Compression), default="none"
    )
    command.add_argument(
        "--bandwidth-limit", type=int, metavar="MBIT_S", help="for all that is sent"
    )
    command.add_argument(
        "--tcp-established", action="store_true", help="open TCP connections go along"
    )
    command.add_argument("--link-rate", type=int, metavar="MBIT_S", help="of the link, for the run")
    command.add_argument("--link-delay", type=int, metavar="MS", help="added each way")
    command.add_argument("--link-loss", type=float, metavar="PERCENT", help="of packets, each way")
    command.add_argument("--keep-images", action="store_true", help="on the target's disk")
    command.add_argument("--leave-running", action="store_true", help="the source goes on, too")
    defaults = PreCopyRules()
    for name, default in (
        ("most-rounds", defaults.most_rounds),
        ("pages-left", defaults.pages_left),
        ("growth-percent", defaults.growth_percent),
        ("stop-time-ms", defaults.stop_time_ms),
    ):
        command.add_argument(f"--{name}", type=int, default=default, metavar="N")


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    if options.operation is Operation.MIGRATE and not options.target:
        parser().error("--target is needed to migrate")
    try:
        if options.check_only:
            return _told(_between(options, check_only))
        report = _between(options, _migrate)
    except (OSError, ValueError) as error:
        parser().error(str(error))
    except EngineError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return EXIT[Outcome.FAILED]
    document = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
    print(document)
    if options.report:
        options.report.write_text(document + "\n")
    return EXIT[report.outcome]


def _between(
    options: argparse.Namespace, what: Callable[[MigrationPlan, Host, Host], Answer]
) -> Answer:
    plan = _plan(options)  # refuses what is out of range before any host is asked
    with _connect(options, options.source) as source:
        if options.operation.one_host:
            return what(plan, source, source)
        with _connect(options, options.target) as target:
            return what(plan, source, target)


def _migrate(plan: MigrationPlan, source: Host, target: Host) -> Report:
    return migrate(plan, source, target, _tell)


def _told(checks: list[Check]) -> int:
    """Prints the checks; 1 when one of them stands in the way."""
    print(json.dumps([dataclasses.asdict(check) for check in checks], indent=2))
    failed = any(check.outcome is CheckOutcome.FAIL for check in checks)
    return EXIT[Outcome.FAILED if failed else Outcome.SUCCEEDED]


def _plan(options: argparse.Namespace) -> MigrationPlan:
    return MigrationPlan(
        job_id=f"cli-{secrets.token_hex(4)}",
        workload=_workload(options),
        operation=options.operation,
        strategy=options.strategy,
        proof=options.proof,
        encrypted=not options.plain,
        compression=options.compression,
        bandwidth_limit_mbit_s=options.bandwidth_limit,
        tcp_established=options.tcp_established,
        link_rate_mbit_s=options.link_rate,
        link_delay_ms=options.link_delay,
        link_loss_percent=options.link_loss,
        keep_images=options.keep_images,
        leave_running=options.leave_running,
        skip_checks=tuple(options.skip_check),
        pre_copy=PreCopyRules(
            most_rounds=options.most_rounds,
            pages_left=options.pages_left,
            growth_percent=options.growth_percent,
            stop_time_ms=options.stop_time_ms,
        ),
    )


def _workload(options: argparse.Namespace) -> WorkloadRef:
    if options.container:
        return WorkloadRef(WorkloadKind.CONTAINER, options.container)
    return WorkloadRef(WorkloadKind.PROCESS, f"pid-{options.pid}", options.pid)


def _connect(options: argparse.Namespace, where: str) -> SshHost:
    user, _, rest = where.rpartition("@")
    address, _, port = rest.partition(":")
    number = int(port or 22)
    return connect(
        SshTarget(
            name=address,
            address=address,
            port=number,
            user=user or "root",
            host_key=known_host_key(options.known_hosts, address, number),
            private_key=options.identity.read_text(),
        )
    )


def _tell(event: Event) -> None:
    if isinstance(event, PhaseEnded):
        state = " failed" if event.failed else ""
        print(f"{event.name} on {event.host}: {event.duration_ms:.1f} ms{state}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
