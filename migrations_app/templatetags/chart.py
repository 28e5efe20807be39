"""A chart's table: figures as people read them, with the exact value beside for the file."""

from __future__ import annotations

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from migrations_app.charts import Chart, Column
from migrations_app.charts.base import Value
from migrations_app.quantities import UNKNOWN, shown

register = template.Library()


@register.simple_tag
def chart_rows(chart: Chart) -> SafeString:
    """All rows at once: a chart may have a thousand cells, and a template's loop is slow."""
    rows = (
        "".join(cell(column, value) for column, value in zip(chart.columns, row, strict=True))
        for row in chart.rows
    )
    return mark_safe("".join(f"<tr>{row}</tr>" for row in rows))  # noqa: S308  each cell is escaped


def cell(column: Column, value: Value) -> str:
    """One cell; `data-value` has what goes into the file, empty where nothing is known."""
    number = isinstance(value, (int, float))
    look = ' class="num"' if number or column.is_figure else ""
    exact = "" if value is None else str(value) if number else escape(str(value))
    return f'<td{look} data-value="{exact}">{escape(_shown(column, value))}</td>'


def _shown(column: Column, value: Value) -> str:
    if value is None:
        return UNKNOWN
    if column.unit is not None and isinstance(value, (int, float)):
        return shown(value, column.unit)
    return str(value)
