"""What can go wrong with the bench itself.

BenchError
├── StepByHandFailed   a command on a host failed or took too long; a trial ends with it
└── BenchNotPossible   refused before anything was touched
"""

from __future__ import annotations


class BenchError(Exception):
    """The root."""


class StepByHandFailed(BenchError):
    """Carries the end of what the command wrote."""


class BenchNotPossible(BenchError):
    """The message says why, and what to do."""
