"""Results to take away: as files, and as a lab report on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from migrations_app import experiment_selectors as reads
from migrations_app import results
from migrations_app.exports import delimited, formats
from migrations_app.exports.document_sheet import DocumentSheet
from migrations_app.exports.lab_report import LabReport
from migrations_app.exports.shape import Document
from migrations_app.results_experiment import document_of_experiment
from migrations_app.selectors_sharing import document_of_query

from .common import found, person
from .language import asked_language


def job_export(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One job in one of formats.FORMATS; `?table=phases&bom=1` for CSV."""
    job = found(results.visible_job(person(request), pk))
    return as_file(request, results.document_of_job(job), name)


def experiment_export(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One experiment with every trial; `?table=cells` for the statistics as CSV."""
    experiment = found(reads.experiment(person(request), pk))
    return as_file(request, document_of_experiment(experiment), name)


def history_export(request: HttpRequest, name: str) -> HttpResponse:
    """The runs that the history's filters, or the groups of a comparison, choose."""
    document = document_of_query(person(request), request.GET.urlencode())
    return as_file(request, document, name)


def as_file(request: HttpRequest, document: Document, name: str) -> HttpResponse:
    chosen = found(formats.FORMATS.get(name))
    text = _table(request, document) if name == "csv" else formats.build(document, name)
    file_name = formats.file_name(document, name)
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return HttpResponse(text, content_type=chosen.content_type, headers=headers)


def _table(request: HttpRequest, document: Document) -> str:
    table = request.GET.get("table", "")
    if table:
        found(delimited.TABLES.get(table))
    return delimited.build(document, table=table, bom=bool(request.GET.get("bom")))


def lab_report(request: HttpRequest, pk: int) -> HttpResponse:
    """A job as a report to print and to fill in; `?lang=` chooses its language."""
    job = found(results.visible_job(person(request), pk))
    back = reverse("job-detail", args=[pk])
    with translation.override(asked_language(request)):
        return report_page(request, results.document_of_job(job), back=back)


def experiment_report(request: HttpRequest, pk: int) -> HttpResponse:
    """An experiment as a report to print and to fill in."""
    experiment = found(reads.experiment(person(request), pk))
    back = reverse("experiment-detail", args=[pk])
    with translation.override(asked_language(request)):
        return report_page(request, document_of_experiment(experiment), back=back)


def report_page(request: HttpRequest, document: Document, *, back: str) -> HttpResponse:
    context = {"sheet": DocumentSheet(document), "report": LabReport(document), "back": back}
    return render(request, "results/lab_report.html", context)
