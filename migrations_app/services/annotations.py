"""What people add to jobs: tags, notes, favourites."""

from __future__ import annotations

import unicodedata

from django.contrib.auth.models import User

from migrations_app.models import Favourite, MigrationJob, Remark, Tag
from migrations_app.models.annotations import REMARK_LENGTH, TAG_LENGTH

from .codes import Code, Refused

MOST_TAGS = 20  # of one job


class AnnotationRefused(Refused):
    """A tag or a note was refused."""


def tag_job(*, job: MigrationJob, name: str) -> Tag:
    """Gives it a tag; one that it has already is no trouble."""
    wanted = tag_name(name)
    if job.tags.exclude(name=wanted).count() >= MOST_TAGS:
        raise AnnotationRefused(Code.TOO_MANY_TAGS, most=str(MOST_TAGS))
    tag, _made = Tag.objects.get_or_create(name=wanted)
    tag.jobs.add(job)
    return tag


def tag_name(name: str) -> str:
    """As it is kept: one spelling, lower case, single spaces. Raises AnnotationRefused."""
    plain = " ".join(unicodedata.normalize("NFKC", name).lower().split())
    if not plain or len(plain) > TAG_LENGTH or not plain.isprintable() or "," in plain:
        raise AnnotationRefused(Code.TAG_NAME, most=str(TAG_LENGTH))
    return plain


def untag_job(*, job: MigrationJob, name: str) -> None:
    """Takes a tag from it, and forgets a tag that no job has any more."""
    tag = Tag.objects.filter(name=name).first()
    if tag is None:
        return
    tag.jobs.remove(job)
    if not tag.jobs.exists():
        tag.delete()


def write_remark(*, job: MigrationJob, text: str, user: User) -> Remark:
    """A note, in Markdown."""
    plain = text.replace("\x00", "").strip()
    if not plain or len(plain) > REMARK_LENGTH:
        raise AnnotationRefused(Code.NOTE_LENGTH, most=str(REMARK_LENGTH))
    return Remark.objects.create(job=job, text=plain, created_by=user)


def remove_remark(*, remark: Remark, user: User) -> None:
    """By who wrote it, or by staff."""
    if remark.created_by_id != user.pk and not user.is_staff:
        raise AnnotationRefused(Code.NOTE_NOT_YOURS)
    remark.delete()


def set_favourite(*, job: MigrationJob, user: User, wanted: bool) -> None:
    if wanted:
        Favourite.objects.get_or_create(job=job, user=user)
    else:
        Favourite.objects.filter(job=job, user=user).delete()
