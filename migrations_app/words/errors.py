"""Everything that can be refused or fail, by its code."""

from __future__ import annotations

from migrations_app.engine.causes import BY_CODE

from .base import Word
from .belongings import BELONGINGS
from .causes import CAUSES
from .experiments import EXPERIMENT_REFUSALS
from .failures import FAILURES
from .host_troubles import HOST_TROUBLES
from .preparing import PREPARING_FAILURES
from .problems import PROBLEMS
from .refusals import REFUSALS

# A refusal that is a row of the table is explained by it, unless it has words of its own.
_ROWS: dict[str, Word] = {code: CAUSES[cause.key] for code, cause in BY_CODE.items()}
# What a check finds wrong with a host is also what a run is refused for.
ERRORS: dict[str, Word] = {
    **_ROWS,
    **PROBLEMS,
    **REFUSALS,
    **PREPARING_FAILURES,
    **EXPERIMENT_REFUSALS,
    **HOST_TROUBLES,
    **FAILURES,
    **BELONGINGS,
}
