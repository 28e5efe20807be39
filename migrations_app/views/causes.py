"""What goes wrong and why: the page for learning, and instructors' notes on unknown causes."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from migrations_app import selectors, selectors_causes
from migrations_app.roles import teaches
from migrations_app.services import diagnosis
from migrations_app.services.codes import Refused

from .cause_words import cause_rows
from .common import found, person, tell, tell_refusal


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Explanation"),
        max_length=4000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 8}),
        help_text=gettext_lazy(
            "Markdown. Say why it happens and what to do; it explains all alike."
        ),
    )


def causes(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": cause_rows(),
        "notes": selectors_causes.notes(),
        "tallies": selectors_causes.tallies(),
        "unexplained": selectors_causes.unexplained() if teaches(person(request)) else [],
    }
    return render(request, "learn/causes.html", context)


def note_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The note on the unknown cause of one job."""
    if not teaches(person(request)):
        raise PermissionDenied
    job = found(selectors.job(person(request), pk))
    line = diagnosis.unexplained_line(job)
    note = selectors_causes.note_for(job.report)
    form = NoteForm(request.POST or None, initial={"text": note.text if note else ""})
    if request.method == "POST" and form.is_valid():
        try:
            diagnosis.annotate_cause(job=job, text=form.cleaned_data["text"], user=person(request))
        except Refused as error:
            tell_refusal(request, error)
        else:
            tell(request, _("The explanation was saved."))
        return redirect("job-detail", pk)
    pattern = diagnosis.pattern_of(found(line))
    return render(request, "learn/note.html", {"form": form, "job": job, "pattern": pattern})


@require_POST
def note_remove(request: HttpRequest, pk: int) -> HttpResponse:
    note = found(selectors_causes.note(pk))
    try:
        diagnosis.remove_note(note=note, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("The explanation was removed."))
    return redirect("learn-causes")
