"""The command line behind `scripts/up` and `scripts/down`."""

from __future__ import annotations

import argparse
import sys

from migrations_app.lab import LabError

from . import steps
from .errors import OperateError
from .places import own_places

INTERRUPTED = 130


def main() -> int:
    options = _parser().parse_args()
    try:
        if options.action == "up":
            wanted = steps.UpOptions(options.port, options.demo, options.lab)
            steps.up(own_places(), wanted, say)
        else:
            asked = steps.DownOptions(options.purge, options.keep_cache)
            steps.down(own_places(), asked, say)
    except (OperateError, LabError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the next call goes on from here.\n")
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labsite.operate", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up", prog="scripts/up", description="Start the site and its lab.")
    up.add_argument("--port", type=int, metavar="N", help="web server's port (default: a free one)")
    up.add_argument("--no-demo", dest="demo", action="store_false", help="no demo migration")
    up.add_argument("--no-lab", dest="lab", action="store_false", help="the site alone")
    down = actions.add_parser("down", prog="scripts/down", description="Stop what up started.")
    down.add_argument("--purge", action="store_true", help="and remove all data and the lab")
    down.add_argument(
        "--keep-cache", action="store_true", help="with --purge: keep the lab hosts' built root"
    )
    return parser


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
