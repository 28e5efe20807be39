"""What can go wrong with the lab, as one tree.

    LabError
    ├── LabNotPossible     refused before anything was touched; the message says what is missing
    ├── LabCommandFailed   a program ended with an error; carries the end of what it wrote
    └── LabBootFailed      a lab host did not become ready; carries the end of its console

Every error has a `code` (stable, kebab-case) and a `message` in English for the command line.
"""

from __future__ import annotations


class LabError(Exception):
    """The root; `code` tells the cases apart."""

    code = "lab-error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code


class LabNotPossible(LabError):
    code = "lab-not-possible"


class LabCommandFailed(LabError):
    code = "lab-command-failed"


class LabBootFailed(LabError):
    code = "lab-boot-failed"
