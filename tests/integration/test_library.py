"""Images that a real run kept, read by ourselves, against CRIU's own tool."""

from __future__ import annotations

import json

import pytest

from migrations_app.engine import (
    Strategy,
    WorkloadKind,
    inspect_kept,
    remove_kept,
    stop_workload,
)

from .conftest import Pair
from .moves import move, start

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_kept_image_is_read_as_crit_reads_it(kind: WorkloadKind, clean_pair: Pair) -> None:
    a, b = clean_pair.both()
    ref = start(a, kind)
    try:
        report = move(ref, a, b, Strategy.STOP_AND_COPY, keep_images=True)
        assert report.error is None and report.kept_images is not None, report.error
        folder = f"{report.kept_images['path']}/images"
        seen = inspect_kept(b, report.job_id)
        (process,) = seen["processes"]

        def crit(name: str) -> list[dict]:
            shown = clean_pair.run(b, f"crit decode -i {folder}/{name}")
            return json.loads(shown)["entries"]

        (tree,) = crit("pstree.img")
        assert process["pid"] == tree["pid"] and process["name"] == "migration-lab-m"
        vmas = crit(f"mm-{tree['pid']}.img")[0]["vmas"]
        assert [area["start"] for area in process["areas"]] == [vma["start"] for vma in vmas]
        names = {file["reg"]["name"] for file in crit("files.img") if "reg" in file}
        mapped = {area["name"] for area in process["areas"] if area["kind"] == "file"}
        assert mapped and mapped <= names
        assert "PATH" in process["environment"]
    finally:
        for host in (a, b):
            stop_workload(host, ref)
        removed = remove_kept(b, report.job_id), remove_kept(b, report.job_id)
    assert removed[0] and not removed[1]
