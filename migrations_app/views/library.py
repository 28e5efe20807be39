"""The library of checkpoints: images that runs kept. They hold memory, so: instructors only."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from migrations_app import selectors_causes as selectors
from migrations_app.models import KeptImage
from migrations_app.roles import teaches
from migrations_app.services import kept
from migrations_app.services.codes import Refused

from .common import found, person, tell_refusal
from .library_page import Comparison, ImagePage, compared


def images(request: HttpRequest) -> HttpResponse:
    _require_staff(request)
    return render(request, "library/list.html", {"images": selectors.kept_images()})


def image_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "library/detail.html", {"page": _page(request, pk)})


def image_contents(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that waits for the answer."""
    return render(request, "library/contents.html", {"page": _page(request, pk)})


@require_POST
def image_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """`wanted`: inspect or remove."""
    page = _page(request, pk)
    wanted = request.POST.get("wanted", "")
    if wanted not in (KeptImage.Wanted.INSPECT, KeptImage.Wanted.REMOVE):
        return redirect("library-image", pk)
    try:
        kept.ask_for(image=page.image, wanted=KeptImage.Wanted(wanted), user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    return redirect("library-image", pk)


def compare(request: HttpRequest) -> HttpResponse:
    """`?a=&b=`: two images that have been looked into, side by side."""
    _require_staff(request)
    there = [row for row in selectors.kept_images() if row.contents]
    pair = [_chosen(there, request.GET.get(name)) for name in ("a", "b")]
    comparison: Comparison | None = None
    if pair[0] and pair[1]:
        comparison = compared(pair[0], pair[1])
    context = {"images": there, "a": pair[0], "b": pair[1], "comparison": comparison}
    return render(request, "library/compare.html", context)


def _chosen(images: list[KeptImage], pk: str | None) -> KeptImage | None:
    return next((one for one in images if str(one.pk) == pk), None)


def _page(request: HttpRequest, pk: int) -> ImagePage:
    _require_staff(request)
    return ImagePage(found(selectors.kept_image(pk)))


def _require_staff(request: HttpRequest) -> None:
    if not teaches(person(request)):
        raise PermissionDenied
