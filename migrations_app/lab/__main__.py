"""`python -m migrations_app.lab up|down|status|shell|reset`: the lab without the site."""

from __future__ import annotations

import argparse
import os
import sys

from .cli import add_arguments, carry_out
from .config import LabHost, config_from
from .errors import LabError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m migrations_app.lab", description=__doc__)
    add_arguments(parser)
    options = vars(parser.parse_args())
    try:
        carry_out(
            config_from(
                os.environ,
                hosts=options.get("hosts"),
                bare=options.get("bare", 0),
                docker=options.get("docker"),
                machine=options.get("machine"),
            ),
            options["action"],
            host=options.get("host", ""),
            purge=options.get("purge", False),
            say=_say,
            register=_nothing_to_register,
        )
    except LabError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _nothing_to_register(hosts: list[LabHost]) -> None:
    """The site's own command tells the site; here there is none."""


if __name__ == "__main__":
    sys.exit(main())
