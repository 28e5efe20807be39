"""An experiment over several links and sizes of memory."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.urls import reverse

from migrations_app.engine.plan import LINK
from migrations_app.models import Experiment, Host, MigrationJob
from tests.app.experiment_rows import measured
from tests.browser.rows import NAME

RATES = (50, 100, 1000)
FLOOR_MS, BIT_PER_MIB = 420.0, 8 * 2**20


def seed() -> dict[str, str]:
    owner = User.objects.get(username=NAME)
    hosts = list(Host.objects.order_by("pk")[:2])
    links = [dict(zip(LINK, (rate, None, None), strict=True)) for rate in RATES]
    strategies = ["stop-and-copy", "pre-copy"]
    over = measured(
        hosts, owner=owner, name="Over slower links", links=links, strategies=strategies
    )
    _slow_down(over)
    return {"experiment over links": reverse("experiment-detail", args=[over.pk])}


def _slow_down(experiment: Experiment) -> None:
    """What is sent takes its time over the link of the trial."""
    for trial in experiment.trials.exclude(job=None).select_related("job"):
        rate = trial.factors["link"]["link_rate_mbit_s"]
        memory = trial.factors["parameters"]["memory_mib"]
        left = memory if trial.factors["strategy"] == "stop-and-copy" else memory / 20
        sent_ms = 1000 * left * BIT_PER_MIB / (rate * 1e6)
        time_ms = FLOOR_MS + 9 * (trial.position % 5) + 1.04 * sent_ms
        rows = MigrationJob.objects.filter(pk=trial.job_id, stop_time_ms__isnull=False)
        rows.update(stop_time_ms=time_ms, link_rate_mbit_s=rate)
