"""The library of checkpoints, the worker's side: look into an image, or remove it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from migrations_app.adapters import engine
from migrations_app.engine.errors import EngineError
from migrations_app.models import KeptImage

from . import leases
from .codes import Code
from .contact import reached
from .dispatch import send_waiting_jobs

Wanted = KeptImage.Wanted


def tend_image(*, image_id: int) -> None:
    """What is wanted of it, once; left for later while somebody measures on its host."""
    rows = KeptImage.objects.select_related("host").exclude(wanted=Wanted.NOTHING)
    image = rows.filter(pk=image_id, removed_at=None).first()
    if image is None or not leases.take_host_for_check(host_id=image.host_id):
        return
    try:
        changes = _tend(image)
    except EngineError as error:
        changes = _failed(error)
    finally:
        leases.release_host(host_id=image.host_id)
    KeptImage.objects.filter(pk=image.pk, wanted=image.wanted).update(
        wanted=Wanted.NOTHING, **changes
    )
    send_waiting_jobs()


def _tend(image: KeptImage) -> dict[str, Any]:
    with reached(image.host) as connection:
        if image.wanted == Wanted.REMOVE:
            engine().remove_kept(connection, image.name)
            return {"removed_at": timezone.now(), "contents": None}
        return {"contents": dict(engine().inspect_kept(connection, image.name))}


def _failed(error: EngineError) -> dict[str, Any]:
    told: dict[str, Any] = {"error_code": error.code, "error_message": error.message}
    gone = error.code == Code.IMAGES_GONE
    return {**told, "removed_at": timezone.now()} if gone else told
