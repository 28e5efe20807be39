"""`scripts/soak --minutes N`: migrations back and forth, random in everything, and what is left.

Exit status: 0 nothing was lost or left behind, every proof held and memory stayed flat; 1 otherwise
or when the lab could not be set up; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from dataclasses import replace
from typing import NoReturn

from migrations_app.bench.errors import BenchError
from migrations_app.bench.stage import staged
from migrations_app.engine import EngineError
from migrations_app.lab import DockerKind, LabConfig, LabError, config_from, default_instance

from .run import Soak
from .tally import told

OK, FAILED, INTERRUPTED = 0, 1, 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.splitlines()[0])
    made.add_argument("--minutes", type=float, default=10, metavar="N", help="how long (10)")
    made.add_argument(
        "--faults", type=int, default=6, metavar="N", help="one move in N is broken; 0: none (6)"
    )
    made.add_argument("--docker", type=DockerKind, choices=list(DockerKind), help="of the hosts")
    made.add_argument("--seed", type=int, help="makes the same choices again")
    made.add_argument("--instance", metavar="NAME", help="the lab to use instead of its own")
    return made


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    seed = options.seed if options.seed is not None else random.randrange(10**6)  # noqa: S311
    name = options.instance or f"s{default_instance()[:-1]}"
    config = replace(config_from(os.environ, docker=options.docker), instance=name)
    try:
        return _soak(options, config, seed)
    except (BenchError, LabError, EngineError) as error:
        say(f"scripts/soak: {error}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _soak(options: argparse.Namespace, config: LabConfig, seed: int) -> int:
    until = time.monotonic() + 60 * options.minutes
    with staged(config, say, own=not options.instance, keep=False) as stage:
        soak = Soak(stage, random.Random(seed), options.faults, say)  # noqa: S311  not a secret
        say(f"seed {seed}, {options.minutes:g} minutes, Docker {config.kind}")
        try:
            soak.run(until)
        except KeyboardInterrupt:
            say("interrupted; so far:")
        sys.stdout.write(f"{told(soak.tally)}\n")
    return OK if soak.tally.good else FAILED


def say(text: str) -> None:
    """To whoever waits; the result alone goes to standard output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
