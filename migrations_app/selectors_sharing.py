"""Reads about shared links, and what a link shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.contrib.auth.models import User
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, QueryDict

from migrations_app import experiment_selectors as reads
from migrations_app import results
from migrations_app.analysis.groups import Group, read_groups
from migrations_app.exports.redaction import redacted
from migrations_app.exports.shape import Document
from migrations_app.exports.shape import Group as Named
from migrations_app.filters import HistoryFilter, JobFilter, misread
from migrations_app.models import Experiment, MigrationJob, Share
from migrations_app.results_experiment import document_of_experiment
from migrations_app.services.share import hash_of

MOST_SHARED = 300  # runs on one shared page


def shares_of(user: User) -> QuerySet[Share]:
    """Newest first; the documents stay in the database."""
    return _rows().filter(owner=user)


def _rows() -> QuerySet[Share]:
    kept = ExpressionWrapper(Q(document__isnull=False), output_field=BooleanField())
    related = Share.objects.select_related("job__workload", "experiment")
    return related.defer("document").annotate(is_kept=kept)


def share_to_manage(user: User, pk: int) -> Share | None:
    """One of their own; staff may see everybody's."""
    rows = _rows()
    return (rows if user.is_staff else rows.filter(owner=user)).filter(pk=pk).first()


def share_known_by(token: str) -> Share | None:
    """Also one that leads nowhere any more."""
    return Share.objects.select_related("owner").filter(token_hash=hash_of(token)).first()


def document_of(share: Share) -> Document | None:
    """What a link shows; None: nothing any more. Always redacted.

    A live one goes by what its owner may see today.
    """
    if not share.is_open or not share.owner.is_active:
        return None
    if share.document is not None:
        return _kept(share.document)
    return _live(share)


def _kept(document: Document) -> Document:
    """A snapshot with the keys that were added since it was made."""
    return cast(Document, {"experiment": None, **document})


def _live(share: Share) -> Document | None:
    if share.kind == Share.Kind.COMPARISON:
        return snapshot_of_comparison(share.owner, share.query)
    if share.kind == Share.Kind.EXPERIMENT:
        pk = share.experiment_id
        experiment = reads.experiment(share.owner, pk) if pk else None
        return snapshot_of_experiment(experiment) if experiment else None
    job = results.visible_job(share.owner, share.job_id) if share.job_id else None
    return snapshot_of_job(job) if job else None


def snapshot_of_job(job: MigrationJob) -> Document:
    """A job as others may see it."""
    return redacted(results.document_of_job(job), results.names())


def snapshot_of_experiment(experiment: Experiment) -> Document:
    """An experiment as others may see it: every trial, and the newest of its runs in full."""
    return redacted(document_of_experiment(experiment, most=MOST_SHARED), results.names())


def snapshot_of_comparison(user: User, query: str) -> Document:
    """The runs that a query chooses, as others may see them."""
    return redacted(document_of_query(user, query, most=MOST_SHARED), results.names())


def document_of_query(user: User, query: str, *, most: int = results.MOST_RUNS) -> Document:
    """The runs chosen by the filters of the history, or by the groups of a comparison."""
    document = results.document_of_jobs(chosen_jobs(user, query), most=most)
    groups = _groups(user, query)
    if groups is None:
        return document
    there = {run["job"] for run in document["runs"]}
    known = [(group.letter, [run.pk for run in group.runs if run.pk in there]) for group in groups]
    named: list[Named] = [{"letter": letter, "jobs": jobs} for letter, jobs in known if jobs]
    return {**document, "groups": named}


def chosen_jobs(user: User, query: str) -> QuerySet[MigrationJob]:
    """Those that somebody may see and a query chooses."""
    groups = _groups(user, query)
    if groups is None:
        return _filtered(user, QueryDict(query), HistoryFilter)[0]
    chosen = {run.pk for group in groups for run in group.runs}
    return results.visible_jobs(user).filter(pk__in=chosen)


def _groups(user: User, query: str) -> Sequence[Group] | None:
    """Of a comparison's query; None: it is one of the history."""
    specs = QueryDict(query).getlist("g")
    if not specs:
        return None

    def read(one: QueryDict) -> tuple[QuerySet[MigrationJob], list[str]]:
        return _filtered(user, one, JobFilter)

    return read_groups(specs, results.visible_jobs(user), read).groups


def _filtered(
    user: User, query: QueryDict, kind: type[JobFilter]
) -> tuple[QuerySet[MigrationJob], list[str]]:
    """The jobs, and what of the query could not be understood."""
    asking = HttpRequest()
    asking.user = user  # whose favourites are meant
    chosen = kind(query, queryset=results.visible_jobs(user), request=asking)
    return chosen.qs, [f"{one.name}={one.value}" for one in misread(chosen)]
