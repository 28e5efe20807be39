"""The version of this program, as runs report it; the same as in pyproject.toml."""

VERSION = "0.1.0"
