"""Adding a host, step by step: where it is, is it the right one, let us in, what it lacks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from migrations_app import host_selectors, selectors
from migrations_app.adapters import fingerprint
from migrations_app.engine.errors import EngineError
from migrations_app.host_forms import HostForm, PasswordForm
from migrations_app.models import Host, HostDraft
from migrations_app.services import adding, inventory
from migrations_app.services.codes import Refused

from .common import explained, found, person, staff_only, tell, tell_refusal


@staff_only
def host_add(request: HttpRequest) -> HttpResponse:
    form = HostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = adding.begin_host(**form.cleaned_data, created_by=person(request))
        except Refused as error:
            form.refuse(error)
        else:
            return redirect("host-draft", draft.pk)
    context = {"form": form, "step": 1, "drafts": host_selectors.host_drafts()}
    return render(request, "hosts/add.html", context)


@staff_only
def host_draft(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "hosts/draft.html", _draft_context(pk))


@staff_only
def host_draft_live(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "hosts/draft_live.html", _draft_context(pk))


def _draft_context(pk: int) -> dict[str, object]:
    draft: HostDraft = found(host_selectors.host_draft(pk))
    shown = fingerprint(draft.host_key) if draft.host_key else ""
    return {"draft": draft, "shown": shown, "step": 2}


@staff_only
@require_POST
def host_draft_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """`again`, `confirm` with the fingerprint that was looked at, or `drop`."""
    draft = found(host_selectors.host_draft(pk))
    try:
        if act == "confirm":
            shown = request.POST.get("fingerprint", "")
            host = adding.confirm_key(draft=draft, shown=shown, user=person(request))
            return redirect("host-setup", host.pk)
        if act == "drop":
            adding.drop_draft(draft=draft, user=person(request))
            return redirect("host-list")
        adding.look_again(draft=draft, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    return redirect("host-draft", pk)


@staff_only
def host_setup(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "hosts/setup.html", _setup_context(request, pk, PasswordForm()))


def _setup_context(request: HttpRequest, pk: int, form: PasswordForm) -> dict[str, object]:
    host: Host = found(selectors.host(person(request), pk))
    return {
        "host": host,
        "paste": adding.block_for(host),
        "form": form,
        "rows": host_selectors.host_rows(host),
        "step": 3,
    }


@staff_only
def host_setup_live(request: HttpRequest, pk: int) -> HttpResponse:
    host = found(selectors.host(person(request), pk))
    context = {"host": host, "rows": host_selectors.host_rows(host)}
    return render(request, "hosts/checks.html", context)


@staff_only
@require_POST
def host_setup_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Looks again; the rows on the same page show how it goes."""
    inventory.request_host_check(host=found(selectors.host(person(request), pk)))
    return redirect("host-setup", pk)


@sensitive_post_parameters("password")
@staff_only
@require_POST
def host_password(request: HttpRequest, pk: int) -> HttpResponse:
    host = found(selectors.host(person(request), pk))
    form = PasswordForm(request.POST)
    if form.is_valid():
        password = form.cleaned_data["password"]
        try:
            adding.let_in_by_password(host=host, password=password, user=person(request))
        except Refused as error:
            form.refuse(error)
        except EngineError as error:
            form.say(explained(error))
        else:
            tell(request, _("The key of this site is on %(host)s now.") % {"host": host.name})
            return redirect("host-setup", pk)
    return render(request, "hosts/setup.html", _setup_context(request, pk, form))
