"""What users of CRIU and Docker run into: one row of data each, from message to cause.

`Cause.patterns` are regular expressions for one line of a log or of a tool's answer; more special
rows stand before more general ones where both could match. Words in two languages are the
site's (`words/causes.py`), by `key`; docs/failures.md has a line for each row.
"""

from __future__ import annotations

from .docker import DOCKER
from .held import HELD
from .kernel import KERNEL
from .row import Cause, Knowable, Told

CAUSES: tuple[Cause, ...] = (*DOCKER, *HELD, *KERNEL)
BY_KEY = {cause.key: cause for cause in CAUSES}
BY_CODE = {code: cause for cause in CAUSES for code in cause.codes}
UNKNOWN = "unknown"  # the key of a failure that no row explains

__all__ = ["BY_CODE", "BY_KEY", "CAUSES", "UNKNOWN", "Cause", "Knowable", "Told"]
