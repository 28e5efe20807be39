"""Links to results: making, listing and taking them back."""

from __future__ import annotations

import io

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import experiment_selectors as reads
from migrations_app import results
from migrations_app import selectors_sharing as selectors
from migrations_app.forms_sharing import ShareForm
from migrations_app.models import Share
from migrations_app.services import share as services
from migrations_app.services.codes import Refused

from .common import found, person, tell, tell_refusal


def share_list(request: HttpRequest) -> HttpResponse:
    shares = selectors.shares_of(person(request))
    return render(request, "shares/list.html", {"shares": shares})


def share_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks how to share a job, and does it."""
    job = found(results.visible_job(person(request), pk))
    form = ShareForm(request.POST or None, can_snapshot=job.is_finished)
    if request.method == "POST" and form.is_valid():
        try:
            snapshot = None if form.is_live else selectors.snapshot_of_job(job)
            share = services.share_job(
                job=job, owner=person(request), days=form.days, snapshot=snapshot
            )
        except Refused as error:
            tell_refusal(request, error)
        else:
            return redirect("share-detail", share.pk)
    return render(request, "shares/new.html", {"form": form, "job": job})


def share_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for an experiment, also one that is under way."""
    experiment = found(reads.experiment(person(request), pk))
    form = ShareForm(request.POST or None, can_snapshot=True)
    if request.method == "POST" and form.is_valid():
        try:
            snapshot = None if form.is_live else selectors.snapshot_of_experiment(experiment)
            share = services.share_experiment(
                experiment=experiment, owner=person(request), days=form.days, snapshot=snapshot
            )
        except Refused as error:
            tell_refusal(request, error)
        else:
            return redirect("share-detail", share.pk)
    return render(request, "shares/new.html", {"form": form, "experiment": experiment})


def share_history(request: HttpRequest) -> HttpResponse:
    """The same for the runs that the history's filters choose."""
    query, user = request.GET.urlencode(), person(request)
    form = ShareForm(request.POST or None, can_snapshot=True)
    if request.method == "POST" and form.is_valid():
        try:
            snapshot = None if form.is_live else selectors.snapshot_of_comparison(user, query)
            share = services.share_comparison(
                query=query, owner=user, days=form.days, snapshot=snapshot
            )
        except Refused as error:
            tell_refusal(request, error)
        else:
            return redirect("share-detail", share.pk)
    count = selectors.chosen_jobs(user, query).filter(finished_at__isnull=False).count()
    context = {"form": form, "count": count, "most": selectors.MOST_SHARED, "query": query}
    return render(request, "shares/new.html", context)


def share_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The link with its QR code, for its owner."""
    share = found(selectors.share_to_manage(person(request), pk))
    link = link_of(request, share)
    context = {"share": share, "link": link, "code": qr_code(link) if link else None}
    return render(request, "shares/detail.html", context)


def link_of(request: HttpRequest, share: Share) -> str | None:
    """The whole address; None when it can't be made any more, or it leads nowhere."""
    token = services.token_of(share) if share.is_open else None
    return request.build_absolute_uri(reverse("shared", args=[token])) if token else None


def qr_code(text: str) -> SafeString:
    """As SVG, dark on white in every theme: cameras want it so."""
    drawn = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(
        drawn,
        kind="svg",
        scale=5,
        border=4,
        light="#fff",
        dark="#000",
        xmldecl=False,
        svgns=True,
        title=_("QR code of the link"),
        svgclass="qr",
        lineclass=None,
    )
    return mark_safe(drawn.getvalue().decode())  # noqa: S308  squares, and our own title


@require_POST
def share_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    share = found(selectors.share_to_manage(person(request), pk))
    try:
        services.revoke_share(share=share, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("The link leads nowhere any more."))
    return redirect("share-list")
