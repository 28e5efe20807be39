"""A Jupyter notebook (nbformat 4) with the data inside; it needs Python and plotly, no network.

The cells are plain text written here. The data is the only thing that comes from elsewhere: it
stands in one cell as a Python string, so that nothing in it can become code.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from migrations_app.charts import LOOKS
from migrations_app.charts.base import OTHER_LOOK
from migrations_app.words import STRATEGIES

from . import notebook_experiment
from .shape import Document

LINE_LENGTH = 100  # of the data in its cell

_TABLE = """\
columns = ["job", "status", "operation", "strategy", "source", "target"]
figures = ["stop_time_ms", "transfer_time_ms", "total_time_ms"]


def shown(value):
    return "—" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


rows = [[run[name] for name in columns] + [run["metrics"].get(name) for name in figures]
        for run in data["runs"]]
texts = [columns + figures] + [[shown(value) for value in row] for row in rows]
widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))]
for row in texts:
    print("  ".join(text.ljust(width) for text, width in zip(row, widths)))"""

_STOP = """\
def group_of(run):
    return f"{run['workload']['name']} · {run['operation']} · {run['strategy']}"


def runs_with(metric):
    return [run for run in data["runs"]
            if run["status"] == "succeeded" and run["metrics"].get(metric) is not None]


def every_run(metric, title):
    figure = go.Figure()
    for strategy in dict.fromkeys(run["strategy"] for run in runs_with(metric)):
        runs = [run for run in runs_with(metric) if run["strategy"] == strategy]
        figure.add_scatter(
            x=[group_of(run) for run in runs],
            y=[run["metrics"][metric] / 1000 for run in runs],
            mode="markers",
            name=names.get(strategy, strategy),
            marker={"color": colours.get(strategy, other), "size": 10, "opacity": 0.85},
            text=[f"#{run['job']}, {run['finished_at']}" for run in runs],
        )
    figure.update_layout(title=title, yaxis={"rangemode": "tozero", "ticksuffix": " s"})
    return figure


every_run("stop_time_ms", titles["stop_time_ms"]).show()"""

_MEDIANS = """\
groups = {}
for run in runs_with("stop_time_ms"):
    groups.setdefault(group_of(run), []).append(run["metrics"]["stop_time_ms"])
for group, values in groups.items():
    print(f"{group}: n = {len(values)}, median {statistics.median(values):.1f} ms,"
          f" {min(values):.1f} to {max(values):.1f} ms")"""

_PHASES = """\
figure = go.Figure()
shown_runs = data["runs"][-20:]
for phase in dict.fromkeys(phase["name"] for run in shown_runs for phase in run["phases"]):
    takes = [sum(p["duration_ms"] or 0 for p in run["phases"] if p["name"] == phase) / 1000
             for run in shown_runs]
    figure.add_bar(name=phase, orientation="h", x=takes,
                   y=[f"#{run['job']} {run['strategy']}" for run in shown_runs])
figure.update_layout(barmode="stack", title=titles["phases"], xaxis={"ticksuffix": " s"})
figure.show()"""

_ROUNDS = """\
figure = go.Figure()
for run in data["runs"]:
    if run["rounds"]:
        figure.add_scatter(x=[told["number"] + 1 for told in run["rounds"]],
                           y=[told["bytes"] / 2**20 for told in run["rounds"]],
                           mode="lines+markers", name=f"#{run['job']}")
figure.update_layout(title=titles["rounds"], xaxis={"dtick": 1}, yaxis={"ticksuffix": " MiB"})
figure.show()"""


def build(document: Document) -> str:
    """The notebook as text; headings in the language in use, code in English."""
    told = document["experiment"]
    body = notebook_experiment.body() if told else _of_runs(document)
    cells = [_words(_heading(document)), _code(_imports()), _code(_data(document))]
    cells += [_words(text) if is_words else _code(text) for is_words, text in body]
    numbered = [{**cell, "id": f"cell-{place}"} for place, cell in enumerate(cells)]
    return json.dumps({**_FRAME, "cells": numbered}, indent=1, ensure_ascii=False) + "\n"


def _of_runs(document: Document) -> list[tuple[bool, str]]:
    """(whether it is words, text) of each cell."""
    cells = [
        (True, "## " + _("The runs")),
        (False, _TABLE),
        (True, "## " + _("Stop time of each run")),
        (False, _STOP),
        (False, _MEDIANS),
        (True, "## " + _("Phases")),
        (False, _PHASES),
    ]
    if any(run["rounds"] for run in document["runs"]):
        cells += [(True, "## " + _("Bytes per pre-copy round")), (False, _ROUNDS)]
    return cells


_FRAME: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
}


def _heading(document: Document) -> str:
    runs = _("Runs of live migrations, exported from Migration Lab. The data is in this notebook.")
    about = notebook_experiment.about(document["title"] or "") if document["experiment"] else runs
    needs = _(
        "It needs Python 3.9 or later, and plotly and nbformat: `pip install plotly nbformat`."
    )
    units = _("Times end in `_ms` (milliseconds), sizes in `bytes`; `None` means not known.")
    return f"# Migration Lab\n\n{about}\n\n{needs} {units}\n\n{document['made_at']}"


def _imports() -> str:
    colours = {name: colour for name, (colour, _symbol) in LOOKS.items()}
    words = {str(name): str(phrase.title) for name, phrase in STRATEGIES.items()}
    titles = {
        "stop_time_ms": _("Stop time of each run"),
        "phases": _("Phases of the last runs"),
        "rounds": _("Bytes per pre-copy round"),
        **notebook_experiment.titles(),
    }
    return "\n".join(
        [
            "import json",
            "import random",
            "import statistics",
            "",
            "import plotly.graph_objects as go",
            "",
            f"colours = {colours!r}",
            f"other = {OTHER_LOOK[0]!r}",
            f"names = {words!r}",
            f"titles = {titles!r}",
        ]
    )


def _data(document: Document) -> str:
    """One string per line, put together by Python itself."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    pieces = [text[at : at + LINE_LENGTH] for at in range(0, len(text), LINE_LENGTH)]
    return "\n".join(["data = json.loads(", *(f"    {piece!r}" for piece in pieces), ")"])


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text,
    }
