"""The launch form of a workload that has clients."""

from __future__ import annotations

from migrations_app.models import Host
from tests.app.makers import make_workload


def seed() -> dict[str, str]:
    host = Host.objects.order_by("pk")[0]
    stream = make_workload(host, name="stream", kind="container", type_name="tcp-stream")
    return {"launch with clients": f"/launch/?workload={stream.pk}"}
