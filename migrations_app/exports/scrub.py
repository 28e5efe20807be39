"""Free text without what tells of hosts and people: names, addresses, paths, identifiers, keys.

Pure. What is known (names of hosts and people) is replaced by name; what has a shape (addresses,
paths, long hexadecimal numbers, keys) by shape, so that what nobody has registered goes, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

ADDRESS, PATH, IDENTIFIER, KEY, PERSON = "ADDRESS", "PATH", "ID", "KEY", "PERSON"
TELLING_LENGTH = 4  # a host's name of so many signs is found inside longer words, too

_DOMAINS = "com|org|net|edu|gov|cn|io|de|uk|tw|hk|local|localdomain|lan|internal|home|arpa|test"
_SHAPES = (
    (re.compile(r"-----BEGIN [^-]*-----.*?(-----END [^-]*-----|\Z)", re.DOTALL), KEY),
    (re.compile(r"\b(ssh-\w+|ecdsa-\S+|sk-\S+)\s+[A-Za-z0-9+/=]{16,}(\s\S+@\S+)?"), KEY),
    (re.compile(r"\b(SHA256|MD5):[A-Za-z0-9+/=:]{16,}"), KEY),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE), ADDRESS),
    (re.compile(r"[^\s'\"<>=:/]+@[\w.-]+"), ADDRESS),
    (re.compile(r"\b[0-9a-f]{2}([:-][0-9a-f]{2}){5}\b", re.IGNORECASE), ADDRESS),
    (re.compile(r"(?<![\d.])\d{1,3}(\.\d{1,3}){3}(/\d{1,2}|:\d{1,5})?(?![\d.]*\d)"), ADDRESS),
    (re.compile(rf"\b(?:[a-z0-9_-]+\.)+(?:{_DOMAINS})\b\.?", re.IGNORECASE), ADDRESS),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), IDENTIFIER),
    (re.compile(r"(?<![\w])~?(/[^\s'\"`:,;=()\[\]{}<>|]+)+"), PATH),
    (re.compile(r"\b[A-Za-z]:\\[^\s'\"]+"), PATH),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{12,}(?![0-9A-Za-z])", re.IGNORECASE), IDENTIFIER),
    (re.compile(r"\b(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{32,}={0,2}"), KEY),
)
_COLONS_OF_A_MAC = 5
_MAYBE_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%\w+)?(/\d+)?")


@dataclass(frozen=True)
class Scrubber:
    """Takes names out of texts. `hosts` maps what names a host to what stands for it."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    people: Iterable[str] = ()

    def __call__(self, text: str) -> str:
        text = self._named(text)
        text = _MAYBE_IPV6.sub(_ipv6, text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def _named(self, text: str) -> str:
        if self._names is None:
            return text
        return self._names.sub(lambda found: self._instead[found[0].lower()], text)

    @cached_property
    def _instead(self) -> dict[str, str]:
        """By the lower-cased name; a host that is called like a person is a host."""
        people = {name.lower(): PERSON for name in self.people if name}
        return people | {name.lower(): label for name, label in self.hosts.items() if name}

    @cached_property
    def _names(self) -> re.Pattern[str] | None:
        """All names, the longest first: one may begin like another."""
        names = sorted(self._instead, key=len, reverse=True)
        hosts = {name.lower() for name in self.hosts}
        if not names:
            return None
        parts = (_name(name, anywhere=name in hosts) for name in names)
        return re.compile("|".join(parts), re.IGNORECASE)


def _name(name: str, *, anywhere: bool) -> str:
    """Short names and people's only as a word: "lin" is not in "Linux"."""
    pattern = re.escape(name)
    if not name.isascii() or (anywhere and len(name) >= TELLING_LENGTH):
        return pattern
    return rf"(?<![^\W_]){pattern}(?![^\W_])"


def _ipv6(found: re.Match[str]) -> str:
    """Also with a port behind it; times of the day have two colons and stay."""
    text = found[0]
    if "::" in text or text.count(":") > _COLONS_OF_A_MAC:
        return ADDRESS
    return text
