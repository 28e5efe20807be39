"""Every page of the site that can be asked for by its address, and a filter of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import URLPattern, get_resolver, reverse

from migrations_app.models import Configuration, Experiment, Host, MigrationJob, Workload

# Not pages: files that are read as a whole, a stream, and what only answers to a form.
FILES = ("history-csv", "job-report")
NOT_ASKED = ("login", "logout", "job-events")


@dataclass(frozen=True)
class Page:
    name: str
    address: str
    is_file: bool = False


def pages() -> list[Page]:
    """Plain ones first, then those of one row, then filters and comparisons."""
    return [*_plain(), *_of_rows(), *_filtered(), *_comparisons()]


def _plain() -> Iterator[Page]:
    """All that take no number: a page that somebody adds is measured by itself."""
    for pattern in get_resolver("migrations_app.urls").url_patterns:
        if not isinstance(pattern, URLPattern) or pattern.pattern.converters:
            continue
        if pattern.name and pattern.name not in NOT_ASKED:
            yield Page(pattern.name, reverse(pattern.name), pattern.name in FILES)


def _of_rows() -> Iterator[Page]:
    job = MigrationJob.objects.filter(status="succeeded").latest("pk").pk
    experiment = Experiment.objects.latest("pk").pk
    host, workload = Host.objects.latest("pk").pk, Workload.objects.earliest("pk").pk
    for name, pk in (
        ("job-detail", job),
        ("job-live", job),
        ("job-report", job),
        ("host-detail", host),
        ("workload-detail", workload),
        ("experiment-detail", experiment),
        ("experiment-live", experiment),
        ("experiment-trials", experiment),
        ("experiment-lab-report", experiment),
    ):
        yield Page(name, reverse(name, args=[pk]), name in FILES)
    yield Page("launch, a workload", f"{reverse('launch')}?workload={workload}")


def _filtered() -> Iterator[Page]:
    names = {
        "strategy": "pre-copy",
        "status": "failed",
        "kind": "process",
        "compression": "zstd",
        "workload": "generated-17",
        "host": "generated-3",
        "tag": "week 3",
        "favourite": "1",
    }
    for list_name in ("job-list", "history"):
        for name, value in names.items():
            if (list_name, name) != ("history", "status"):
                yield Page(f"{list_name}, {name}", _address(list_name, **{name: value}))
    yield Page("job-list, page 1000", _address("job-list", page=1000))
    yield Page("history, one year", _address("history", days=365))
    yield Page(
        "history, transfer time, all", _address("history", days="all", metric="transfer_time_ms")
    )


def _comparisons() -> Iterator[Page]:
    specs = [f"configuration={pk}" for pk in Configuration.objects.values_list("pk", flat=True)[:8]]
    for count in (2, 8):
        query = urlencode([("g", spec) for spec in specs[:count]])
        yield Page(f"compare, {count} configurations", f"{reverse('compare')}?{query}")
    filters = urlencode([("g", "strategy=cold"), ("g", "strategy=hybrid&host=generated-3")])
    yield Page("compare, two filters", f"{reverse('compare')}?{filters}")


def _address(name: str, **query: object) -> str:
    return f"{reverse(name)}?{urlencode(query)}"
