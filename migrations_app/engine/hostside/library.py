"""Verbs for images that somebody asked to keep: which there are, what is in them, away with one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import criu, images
from .fields import Fields
from .run import Runner

LARGEST_IMAGE = 2 << 30  # that is read into memory: pages of a large workload are not


def kept_list(fields: Fields, _: Runner) -> dict[str, Any]:
    """Jobs whose images are kept here, with their bytes."""
    folders = sorted(fields.kept.glob("*")) if fields.kept.is_dir() else []
    return {"kept": {folder.name: _size(folder) for folder in folders if folder.is_dir()}}


def kept_inspect(fields: Fields, _: Runner) -> dict[str, Any]:
    """Processes, files, sockets, maps, names of the environment, and CRIU's own figures."""
    folder = _existing(fields)
    at = next((path.parent for path in sorted(folder.rglob("pstree.img"))), None)
    if at is None:
        raise StepFailed(f"there is no image in {folder}", code="image-damaged")
    return {
        "bytes": _size(folder),
        "files": sum(1 for path in folder.rglob("*") if path.is_file()),
        "processes": images.processes(lambda name: _read(at / name)),
        "statistics": criu.parse_stats(_read(at / "stats-dump") or b""),
    }


def kept_remove(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wiped; fine when it is gone already."""
    folder = fields.kept / fields.job()
    there = folder.is_dir()
    shutil.rmtree(folder, ignore_errors=True)
    return {"removed": there and not folder.exists()}


def _existing(fields: Fields) -> Path:
    folder = fields.kept / fields.job()
    if not folder.is_dir():
        raise NotPossible(f"no images of {fields.job()} are kept here", code="images-gone")
    return folder


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST_IMAGE else None
    except OSError:
        return None


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "kept_list": kept_list,
    "kept_inspect": kept_inspect,
    "kept_remove": kept_remove,
}
