"""The formats that results can be taken away in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import delimited, html_file, json_file, notebook
from .shape import Document, Run


@dataclass(frozen=True)
class Format:
    """`whole`: with the logs; they are long, and only of use to programs."""

    ending: str
    content_type: str
    build: Callable[[Document], str]
    whole: bool = False


FORMATS: dict[str, Format] = {
    "csv": Format("csv", "text/csv; charset=utf-8", delimited.build),
    "json": Format("json", "application/json", json_file.build, whole=True),
    "notebook": Format("ipynb", "application/x-ipynb+json", notebook.build),
    "html": Format("html", "text/html; charset=utf-8", html_file.build),
}


def build(document: Document, name: str) -> str:
    """`name` is one of FORMATS."""
    chosen = FORMATS[name]
    return chosen.build(document if chosen.whole else _without_logs(document))


def _without_logs(document: Document) -> Document:
    runs: list[Run] = [{**run, "logs": None} for run in document["runs"]]
    return {**document, "runs": runs}


def file_name(document: Document, name: str) -> str:
    """migration-lab-job-17.json, migration-lab-experiment-3.html, migration-lab-runs.csv"""
    return f"migration-lab-{_about(document)}.{FORMATS[name].ending}"


def _about(document: Document) -> str:
    told = document["experiment"]
    if told:
        return f"experiment-{told['number']}"
    return f"job-{document['runs'][0]['job']}" if document["kind"] == "job" else "runs"
