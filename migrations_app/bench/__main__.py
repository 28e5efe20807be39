"""`scripts/bench`: measure, print the table, write the JSON.

Exit status: 0 everything was measured, 1 something failed or could not be set up, 2 wrong usage,
130 interrupted; whether the targets hold does not change it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from migrations_app.engine import EngineError
from migrations_app.lab import DockerKind, LabConfig, LabError, config_from, default_instance

from . import table
from .cells import Entry
from .document import document
from .environment import Environment, environment_of
from .errors import BenchError
from .options import dockers_of, parser, seed_of, trials_of, wish_of
from .results import Result
from .runner import run
from .selection import select
from .stage import Stage, staged
from .targets import target_lines

OK, FAILED, INTERRUPTED = 0, 1, 130
# The first letter of the labs of the bench's own; the rest follows from the checkout's path.
OWN_LETTERS = {DockerKind.DOCKER_26: "b", DockerKind.DOCKER_28: "c"}


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    entries = select(wish_of(options), dockers_of(options))
    if not entries:
        parser().error("these options leave nothing to measure")
    if options.list:
        print_out("\n".join(map(str, entries)))
        return OK
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _measure(options, entries)
    except (BenchError, LabError, EngineError) as error:
        say(f"scripts/bench: {error}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _measure(options: argparse.Namespace, entries: Sequence[Entry]) -> int:
    trials, seed = trials_of(options), seed_of(options)
    with ExitStack() as stack:
        stages: dict[DockerKind, Stage] = {}
        for docker in dockers_of(options):
            config, own = _config(options.instance, docker), not options.instance
            stages[docker] = stack.enter_context(staged(config, say, own=own, keep=options.keep))
        environment = environment_of(stages, seed=seed, trials=trials)
        results, whole = run(entries, stages, say, trials=trials, seed=seed)
        _tell(results, environment, options.json)  # before anything is taken down
    if not whole:
        return INTERRUPTED
    return FAILED if any(result.failed for result in results) else OK


def _config(instance: str | None, docker: DockerKind) -> LabConfig:
    """The lab of this kind: the one that is named, or one of the bench's own for each kind.

    Not what MIGRATION_LAB_INSTANCE says: that is a site's, and ours is removed at the end.
    """
    letter = OWN_LETTERS[docker]
    name = instance or f"{letter}{default_instance()[:-1]}"
    return replace(config_from(os.environ, docker=docker), instance=name)


def _tell(results: Sequence[Result], environment: Environment, file: Path | None) -> None:
    parts = [
        "\n".join(environment.lines()),
        table.results_table(results),
        table.interval_words(results),
        table.targets_table(target_lines(results)),
        "\n".join(table.failures(results)),
    ]
    print_out("\n\n".join(part for part in parts if part))
    if file:
        file.write_text(json.dumps(document(results, environment), indent=2) + "\n")


def say(text: str) -> None:
    """To whoever waits; the results alone go to standard output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_out(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
