"""What the pages of the library show of an image, put together from what the host read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.models import KeptImage
from migrations_app.words import ERRORS, Explanation, explain

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ProcessShown:
    """One process of the tree; `depth` is how far below the root it stands."""

    told: Json
    depth: int

    @property
    def memory(self) -> int:
        return sum(area["end"] - area["start"] for area in self.told["areas"])

    @property
    def sockets(self) -> list[Json]:
        return [file for file in self.told["files"] if "socket" in file["kind"]]

    @property
    def areas(self) -> list[dict[str, Any]]:
        """With sizes, and addresses as they are written."""
        return [
            {**area, "bytes": area["end"] - area["start"], "at": f"{area['start']:x}"}
            for area in self.told["areas"]
        ]


@dataclass(frozen=True)
class ImagePage:
    image: KeptImage

    @property
    def waits(self) -> bool:
        return bool(self.image.wanted) and self.image.removed_at is None

    @property
    def contents(self) -> Json | None:
        return self.image.contents

    @property
    def failure(self) -> Explanation | None:
        code = self.image.error_code
        return explain(ERRORS, code, {"host": self.image.host.name}) if code else None

    @property
    def processes(self) -> list[ProcessShown]:
        return processes_of(self.image)

    @property
    def statistics(self) -> list[tuple[str, int]]:
        return sorted(((self.contents or {}).get("statistics") or {}).items())


def processes_of(image: KeptImage) -> list[ProcessShown]:
    """In the image's order, which has each after its parent."""
    depths: dict[int, int] = {}
    shown = []
    for told in (image.contents or {}).get("processes") or ():
        depth = depths.get(told["parent"], -1) + 1
        depths[told["pid"]] = depth
        shown.append(ProcessShown(told, depth))
    return shown


@dataclass(frozen=True)
class Line:
    """A figure of both images."""

    name: str
    one: int | None
    two: int | None


@dataclass(frozen=True)
class Comparison:
    """What two images have in common, and what not."""

    lines: list[Line]
    only_one: list[str]
    only_two: list[str]
    in_both: int


def compared(one: KeptImage, two: KeptImage) -> Comparison:
    """Figures side by side, and what only one of them has open or mapped."""
    figures = [figures_of(image) for image in (one, two)]
    names = list(dict.fromkeys([*figures[0], *figures[1]]))
    held = [_held(image) for image in (one, two)]
    return Comparison(
        lines=[Line(name, figures[0].get(name), figures[1].get(name)) for name in names],
        only_one=sorted(held[0] - held[1]),
        only_two=sorted(held[1] - held[0]),
        in_both=len(held[0] & held[1]),
    )


def figures_of(image: KeptImage) -> dict[str, int]:
    shown = processes_of(image)
    return {
        "bytes": image.bytes,
        "processes": len(shown),
        "threads": sum(one.told["threads"] for one in shown),
        "mapped_bytes": sum(one.memory for one in shown),
        "files": sum(len(one.told["files"]) for one in shown),
        "sockets": sum(len(one.sockets) for one in shown),
        **((image.contents or {}).get("statistics") or {}),
    }


def _held(image: KeptImage) -> set[str]:
    """Files and sockets by kind and name, whichever process has them."""
    return {
        f"{file['kind']} {file['name']}".strip()
        for process in processes_of(image)
        for file in process.told["files"]
    }
