"""What a verb may be given: every field is checked by type and range before it is used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible

STATE_ROOT = Path("/var/lib/migration-lab")

_JOB = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")
_VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")  # also of networks
_IMAGE = re.compile(r"[a-z0-9][a-zA-Z0-9_.:/@-]{0,199}")
_PEM = re.compile(r"[A-Za-z0-9+/=\s-]{1,8000}")


class Fields:
    """The parameters of one call, taken out by name and kind.

    Raises NotPossible with code `bad-request` for a field that is missing, of another type or out
    of range: the controller never sends one, so somebody else speaks or the versions differ.
    """

    def __init__(self, values: Mapping[str, Any], root: Path = STATE_ROOT) -> None:
        self._values, self._root = values, root
        self.jobs = root / "jobs"  # a folder for each, and for each workload that is a process
        self.workloads = root / "workloads"
        self.kept = root / "kept"  # images that somebody asked to keep, a folder per job

    def but(self, **values: object) -> Fields:
        """The same call with these fields in place of what they were."""
        return Fields({**self._values, **values}, self._root)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def job(self) -> str:
        return self._matching("job", _JOB)

    def job_folder(self) -> Path:
        """`images` and `work` of a job lie below it; made 0700 by jobs.open_folder."""
        return self.jobs / self.job()

    def name(self, field: str = "name") -> str:
        return self._matching(field, _NAME)

    def volume(self) -> str:
        return self._matching("volume", _VOLUME)

    def volumes(self, field: str = "volumes") -> list[str]:
        """Names of volumes, or of networks: longer than a container's may be."""
        names = self.strings(field)
        if not all(_VOLUME.fullmatch(name) for name in names):
            raise _bad(field)
        return names

    def image(self) -> str:
        return self._matching("image", _IMAGE)

    def pem(self, field: str) -> str:
        return self._matching(field, _PEM)

    def integer(self, field: str, low: int, high: int) -> int:
        value = self._values.get(field)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _bad(field)
        return value

    def number(self, field: str, low: float, high: float) -> float:
        """It need not be whole."""
        value = self._values.get(field)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise _bad(field)
        return float(value)

    def pid(self) -> int:
        return self.integer("pid", 2, 2**22)

    def pids(self) -> list[int]:
        """`pids`, sent as strings of digits."""
        texts = self.strings("pids", most=4096)
        if not all(re.fullmatch(r"[0-9]{1,7}", text) for text in texts):
            raise _bad("pids")
        return [int(text) for text in texts]

    def seconds(self) -> float:
        value = self._values.get("limit_s", 30)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 7200:
            raise _bad("limit_s")
        return float(value)

    def flag(self, field: str) -> bool:
        value = self._values.get(field, False)
        if not isinstance(value, bool):
            raise _bad(field)
        return value

    def choice(self, field: str, *allowed: str) -> str:
        value = self._values.get(field)
        if value not in allowed:
            raise _bad(field)
        return str(value)

    def strings(self, field: str, *, most: int = 256) -> list[str]:
        value = self._values.get(field)
        if not isinstance(value, list) or len(value) > most:
            raise _bad(field)
        if not all(isinstance(item, str) and "\0" not in item for item in value):
            raise _bad(field)
        return value

    def paths(self, field: str) -> list[Path]:
        """Absolute paths without `..`."""
        paths = [Path(item) for item in self.strings(field, most=4096)]
        if not all(path.is_absolute() and ".." not in path.parts for path in paths):
            raise _bad(field)
        return paths

    def adapts(self) -> dict[str, int | bool]:
        """What CRIU's dump is told because of what the workload holds; {} without."""
        if not self.has("adapts"):
            return {}
        inner = Fields(self.mapping("adapts"))
        found: dict[str, int | bool] = {
            name: True for name in ("file_locks", "link_remap") if inner.flag(name)
        }
        if inner.has("ghost_limit"):
            found["ghost_limit"] = inner.integer("ghost_limit", 1, 2**31)
        return found

    def address(self) -> str:
        try:
            return str(ipaddress.ip_address(str(self._values.get("address"))))
        except ValueError as error:
            raise _bad("address") from error

    def addresses(self, field: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(one)) for one in self.strings(field)]
        except ValueError as error:
            raise _bad(field) from error

    def mapping(self, field: str) -> Mapping[str, Any]:
        value = self._values.get(field)
        if not isinstance(value, dict):
            raise _bad(field)
        return value

    def matching(self, field: str, pattern: str) -> str:
        return self._matching(field, re.compile(pattern))

    def _matching(self, field: str, pattern: re.Pattern[str]) -> str:
        value = self._values.get(field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _bad(field)
        return value


def _bad(field: str) -> NotPossible:
    return NotPossible(f"field {field!r} is missing or out of range", code="bad-request")
