"""Where results can be taken away or shared from a page."""

from __future__ import annotations

from django import template
from django.urls import reverse

from migrations_app.models import Experiment, MigrationJob

register = template.Library()
FORMATS = ("csv", "json", "notebook", "html")


@register.simple_tag
def job_exports(job: MigrationJob) -> dict[str, str]:
    """Addresses by what they give."""
    files = {name: reverse("job-export", args=[job.pk, name]) for name in FORMATS}
    pages = {
        "paper": reverse("job-lab-report", args=[job.pk]),
        "share": reverse("job-share", args=[job.pk]),
        "report": reverse("job-report", args=[job.pk]) if job.report else "",
    }
    return {**files, **pages, "excel": f"{files['csv']}?bom=1"}


@register.simple_tag
def experiment_exports(experiment: Experiment) -> dict[str, str]:
    pk = experiment.pk
    files = {name: reverse("experiment-export", args=[pk, name]) for name in FORMATS}
    pages = {
        "paper": reverse("experiment-lab-report", args=[pk]),
        "share": reverse("experiment-share", args=[pk]),
        "cells": f"{files['csv']}?table=cells",
    }
    return {**files, **pages, "excel": f"{files['csv']}?bom=1"}


@register.simple_tag
def history_exports(query: str) -> dict[str, str]:
    """`query` as with_query gives it, with its question mark."""
    files = {name: reverse("history-export", args=[name]) + query for name in FORMATS}
    excel = f"{files['csv']}{'&' if len(query) > 1 else ''}bom=1"
    return {**files, "share": reverse("history-share") + query, "excel": excel}
