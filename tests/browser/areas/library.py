"""The library of checkpoints: an image that was looked into, and the page that compares."""

from __future__ import annotations

from typing import Any

from migrations_app.models import KeptImage
from tests.app.makers import make_host, make_job


def seed() -> dict[str, str]:
    one, two = _image(_contents("/bin/busybox")), _image(_contents("/usr/bin/python3"))
    return {
        "library": "/library/",
        "image": f"/library/{one.pk}/",
        "images compared": f"/library/compare/?a={one.pk}&b={two.pk}",
    }


def _image(contents: dict[str, Any]) -> KeptImage:
    job = make_job(status="succeeded", strategy="pre-copy", target=make_host())
    place = {"host": job.target, "name": f"main-{job.pk}"}
    path = f"/var/lib/migration-lab/kept/main-{job.pk}"
    return KeptImage.objects.create(job=job, path=path, bytes=1 << 28, contents=contents, **place)


def _contents(program: str) -> dict[str, Any]:
    files = [
        {"fd": 1, "kind": "file", "name": "/var/lib/migration-lab/workloads/cr/output"},
        {"fd": 3, "kind": "internet socket", "name": "port 4711 to port 80"},
    ]
    areas = [
        {"start": 0x400000, "end": 0x4A8000, "kind": "file", "name": program},
        {"start": 0x185FD000, "end": 0x1861F000, "kind": "heap", "name": ""},
    ]
    root = {"pid": 12, "parent": 0, "threads": 1, "name": "busybox", "files": files}
    root |= {"areas": areas, "environment": ["HOME", "PATH"]}
    child = {**root, "pid": 13, "parent": 12, "environment": None}
    statistics = {"frozen_time_us": 7120, "pages_written": 65536}
    return {"bytes": 1 << 28, "processes": [root, child], "statistics": statistics}
