"""Everything that can be refused or fail, by its code."""

from __future__ import annotations

from .base import Word
from .failures import FAILURES
from .host_troubles import HOST_TROUBLES
from .problems import PROBLEMS
from .refusals import REFUSALS

# What a check finds wrong with a host is also what a run is refused for.
ERRORS: dict[str, Word] = {**PROBLEMS, **REFUSALS, **HOST_TROUBLES, **FAILURES}
