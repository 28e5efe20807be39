"""The cells of an experiment's notebook; see notebook.py."""

from __future__ import annotations

from django.utils.translation import gettext as _

_CELLS = """\
told = data["experiment"]
cells = {(cell["role"], cell["number"]): cell for cell in told["cells"]}


def flat(factors):
    # every factor by one name, as text
    values = {"type": factors["type"], "kind": factors["kind"], **factors["parameters"],
              "strategy": factors["strategy"] or "control"}
    values.update(factors["options"] or {})
    values.update(factors["link"] or {})
    values["route"] = f"{factors['source']} → {factors['target']}"
    return values


migrated = [cell for cell in told["cells"] if cell["role"] == "trial"]
differing = [name for name in flat(migrated[0]["factors"])
             if len({str(flat(cell["factors"]).get(name)) for cell in migrated}) > 1]


def label(cell, without=()):
    # a cell by what tells it from the others
    values = flat(cell["factors"])
    chosen = [name for name in dict.fromkeys(["strategy", *differing])
              if name in values and name not in without]
    return " · ".join(names.get(values[name], str(values[name])) if name == "strategy"
                      else f"{name} {values[name]}" for name in chosen)


def cell_of(trial):
    return cells.get(("control" if trial["role"] == "control" else "trial", trial["cell"]))


def values_of(cell, metric, role):
    return [trial["metrics"][metric] for trial in told["trials"]
            if trial["role"] == role and cell_of(trial) is cell
            and trial["metrics"].get(metric) is not None]


outcomes = [trial["outcome"] or "not ended" for trial in told["trials"]]
print({outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)})
again = sum(len(trial["former"]) for trial in told["trials"])
print(f"attempts that failed before and were repeated: {again}")"""

_TABLE = """\
metric = "stop_time_ms"
for cell in told["cells"]:
    known = cell["statistics"].get(metric)
    if known:
        interval = ""
        if known["low"] is not None:
            interval = f", 95 % {known['low']:.1f} to {known['high']:.1f}"
        print(f"{label(cell)}: n = {known['n']}, failed = {cell['failed']},"
              f" median {known['median']:.1f} ms{interval}")
    else:
        print(f"{label(cell)}: n = 0, failed = {cell['failed']}")"""

_TRIALS = """\
def every_trial(metric, title):
    figure = go.Figure()
    for cell in told["cells"]:
        kept = "control" if cell["role"] == "control" else "trial"
        strategy = cell["factors"]["strategy"]
        colour = colours.get(strategy, other)
        for role, symbol in ((kept, "circle"), ("warm-up", "circle-open")):
            values = values_of(cell, metric, role) if role == kept or kept == "trial" else []
            if values:
                figure.add_scatter(
                    x=[value / 1000 for value in values], y=[label(cell)] * len(values),
                    mode="markers", name=f"{label(cell)}, {role}", showlegend=False,
                    marker={"color": colour, "symbol": symbol, "size": 9})
        known = cell["statistics"].get(metric)
        if known and known["low"] is not None:
            figure.add_scatter(
                x=[known["median"] / 1000], y=[label(cell)], mode="markers", showlegend=False,
                marker={"symbol": "line-ns-open", "size": 18, "color": "#555"},
                error_x={"type": "data", "symmetric": False, "color": "#555",
                         "array": [(known["high"] - known["median"]) / 1000],
                         "arrayminus": [(known["median"] - known["low"]) / 1000]})
    figure.update_layout(title=title, height=160 + 32 * len(told["cells"]),
                         xaxis={"rangemode": "tozero", "ticksuffix": " s"},
                         yaxis={"autorange": "reversed", "automargin": True})
    return figure


every_trial("stop_time_ms", titles["trials"]).show()"""

_GAP = 'every_trial("observed_gap_ms", titles["gap"]).show()'

_OVER = """\
def over(parameter, metric, title):
    # a line for all cells that differ in nothing but this parameter
    lines = {}
    for cell in migrated:
        if parameter in cell["factors"]["parameters"]:
            lines.setdefault(label(cell, without=[parameter]), []).append(cell)
    figure = go.Figure()
    dashes = ["solid", "dash", "dot", "dashdot"]
    for name, group in lines.items():
        group.sort(key=lambda cell: cell["factors"]["parameters"][parameter])
        strategy = group[0]["factors"]["strategy"]
        colour = colours.get(strategy, other)
        before = sum(cells[0]["factors"]["strategy"] == strategy
                     for cells in list(lines.values())[:list(lines).index(name)])
        known = [cell for cell in group if cell["statistics"].get(metric)]
        figure.add_scatter(x=[cell["factors"]["parameters"][parameter] for cell in known],
                           y=[cell["statistics"][metric]["median"] / 1000 for cell in known],
                           mode="lines", name=name, legendgroup=name,
                           line={"color": colour, "dash": dashes[before % len(dashes)]})
        dots = [(cell["factors"]["parameters"][parameter], value / 1000)
                for cell in group for value in values_of(cell, metric, "trial")]
        figure.add_scatter(x=[x for x, _y in dots], y=[y for _x, y in dots], mode="markers",
                           marker={"color": colour, "opacity": 0.7}, legendgroup=name,
                           showlegend=False, name=name)
    figure.update_layout(title=f"{title} · {parameter}", xaxis={"title": {"text": parameter}},
                         yaxis={"rangemode": "tozero", "ticksuffix": " s"})
    return figure


parameters = dict.fromkeys(name for cell in migrated for name in cell["factors"]["parameters"])
for parameter in parameters:
    if len({cell["factors"]["parameters"].get(parameter) for cell in migrated} - {None}) > 1:
        over(parameter, "stop_time_ms", titles["over"]).show()"""

_DIFFERENCES = """\
# Difference of medians from the first strategy, all else alike. Each side is drawn again with
# replacement 2000 times (seeded); the middle 95 % of the differences is the interval. Below five
# trials on a side there is none.
chance = random.Random(1)


def difference(a, b):
    if not a or not b:
        return None
    middle = statistics.median(b) - statistics.median(a)
    if min(len(a), len(b)) < 5:
        return middle, None, None
    drawn = sorted(statistics.median(chance.choices(b, k=len(b)))
                   - statistics.median(chance.choices(a, k=len(a))) for _time in range(2000))
    return middle, drawn[50], drawn[-51]


settings = {}
for cell in migrated:
    settings.setdefault(label(cell, without=["strategy"]), []).append(cell)
found = []
for setting, group in settings.items():
    for cell in group[1:]:
        sides = [values_of(one, "stop_time_ms", "trial") for one in (group[0], cell)]
        known = difference(*sides)
        if known:
            found.append((cell, known))
            said = "" if known[1] is None else f" (95 % {known[1]:.1f} to {known[2]:.1f})"
            print(f"{label(cell)} – {label(group[0])}: {known[0]:+.1f} ms{said}")
figure = go.Figure()
for cell, (middle, low, high) in found:
    ends = {} if low is None else {"error_x": {
        "type": "data", "symmetric": False, "array": [(high - middle) / 1000],
        "arrayminus": [(middle - low) / 1000]}}
    colour = colours.get(cell["factors"]["strategy"], other)
    figure.add_scatter(x=[middle / 1000], y=[label(cell)], mode="markers", showlegend=False,
                       marker={"color": colour, "size": 10}, **ends)
figure.add_vline(x=0, line={"color": "#555"})
figure.update_layout(title=titles["differences"], height=160 + 32 * len(found),
                     xaxis={"ticksuffix": " s"},
                     yaxis={"autorange": "reversed", "automargin": True})
if found:
    figure.show()"""


def about(name: str) -> str:
    """What the notebook is; a name is quoted as code, so that nothing in it is markup."""
    told = _("An experiment, exported from Migration Lab. The data is in this notebook.")
    quoted = " ".join(name.replace("`", "'").split())
    return f"`{quoted}`\n\n{told}"


def titles() -> dict[str, str]:
    return {
        "trials": _("Stop time of each trial"),
        "gap": _("Observed gap of each trial"),
        "over": _("Stop time over a parameter"),
        "differences": _("Differences of stop times"),
    }


def body() -> list[tuple[bool, str]]:
    """(whether it is words, text) of each cell; the words say how each chart is made."""
    named = titles()
    return [
        _chapter(_("Trials"), _("Cells are named by the factors in which they differ.")),
        (False, _CELLS),
        (False, _TABLE),
        _chapter(
            named["trials"],
            _(
                "Each mark is a trial that succeeded, hollow ones are warm-ups. The bar is the median with its interval (95 %), as the site worked it out."  # noqa: E501
            ),
        ),
        (False, _TRIALS),
        _chapter(
            named["gap"],
            _("Read from the workload's own output. Control runs, not migrated, are the floor."),
        ),
        (False, _GAP),
        _chapter(
            named["over"],
            _("A line goes through the medians of the cells that differ in nothing else."),
        ),
        (False, _OVER),
        _chapter(
            named["differences"],
            _("Each strategy against the first one, all else alike; worked out anew here."),
        ),
        (False, _DIFFERENCES),
    ]


def _chapter(title: str, text: str) -> tuple[bool, str]:
    return True, f"## {title}\n\n{text}"
