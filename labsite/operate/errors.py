"""Why the site could not be started or stopped, in one sentence for the command line."""

from __future__ import annotations


class OperateError(Exception):
    """Says what failed and what to do; never a traceback for the user."""
