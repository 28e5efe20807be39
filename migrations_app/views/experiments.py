"""Experiments: the list, a new one, the page of one, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from migrations_app import experiment_selectors as reads
from migrations_app import selectors
from migrations_app.experiment_form import ExperimentForm
from migrations_app.models import Experiment
from migrations_app.roles import teaches
from migrations_app.services import classroom, experiments, quota
from migrations_app.services.codes import Refused

from .common import found, person, refusal, tell, tell_refusal
from .experiment_page import ExperimentPage

PAGE_SIZE = 50


def experiment_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(reads.experiments(person(request)), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "experiments/list.html", {"page": page})


def experiment_new(request: HttpRequest) -> HttpResponse:
    hosts = list(selectors.hosts(person(request)))
    form = ExperimentForm(hosts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = _create(request, form)
        except Refused as error:
            form.refuse(error)
        else:
            return redirect("experiment-detail", made.pk)
    context = {"form": form, "hosts": hosts}
    return render(request, "experiments/new.html", context)


def _create(request: HttpRequest, form: ExperimentForm) -> Experiment:
    chosen = form.cleaned_data
    return experiments.create_experiment(
        name=chosen["name"],
        notes=chosen["notes"],
        grid=form.grid(),
        seed=chosen["seed"],
        cool_down_s=chosen["cool_down_s"],
        user=person(request),
    )


@require_POST
def experiment_plan(request: HttpRequest) -> HttpResponse:
    """What the form as it stands comes to: how many jobs, how long, what stands in the way."""
    form = ExperimentForm(selectors.hosts(person(request)), request.POST)
    form.fields["name"].required = False
    if not form.is_valid():
        return render(request, "experiments/plan.html", {"incomplete": True})
    try:
        plan = reads.preview(form.grid(), cool_down_s=form.cleaned_data["cool_down_s"])
    except Refused as error:
        return render(request, "experiments/plan.html", {"refusal": refusal(error)})
    blocked = [(one, refusal(one.reason)) for one in plan.blocked]
    barrier = quota.trials_barrier(person(request), experiments.jobs_of(plan.grid))
    over = refusal(barrier) if barrier else None
    context = {"plan": plan, "blocked": blocked, "over": over}
    return render(request, "experiments/plan.html", context)


def _page(request: HttpRequest, pk: int) -> ExperimentPage:
    experiment = found(reads.experiment(person(request), pk))
    may_change = _may_change(request, experiment)
    return ExperimentPage(experiment, request.GET.get("metric", ""), may_change=may_change)


def _may_change(request: HttpRequest, experiment: Experiment) -> bool:
    return teaches(person(request)) or experiment.created_by_id == person(request).pk


def experiment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """`?metric=` says which figure is shown."""
    return render(request, "experiments/detail.html", {"page": _page(request, pk)})


def experiment_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while it runs."""
    return render(request, "experiments/live.html", {"page": _page(request, pk)})


def experiment_trials(request: HttpRequest, pk: int) -> HttpResponse:
    """Every trial with its job, in the order in which they run."""
    experiment = found(reads.experiment(person(request), pk))
    page = Paginator(reads.trials_of(experiment), PAGE_SIZE).get_page(request.GET.get("page"))
    may_change = _may_change(request, experiment)
    context = {"experiment": experiment, "page": page, "may_change": may_change}
    return render(request, "experiments/trials.html", context)


def _changed(request: HttpRequest, pk: int, change: Callable[[Experiment], str]) -> HttpResponse:
    experiment = found(reads.experiment(person(request), pk))
    try:
        said = change(experiment)
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, said)
    return redirect("experiment-detail", pk)


@require_POST
def experiment_pause(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        experiments.pause_experiment(experiment=experiment, user=person(request))
        return _("Paused: the trial under way comes to its end, no other begins.")

    return _changed(request, pk, change)


@require_POST
def experiment_resume(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        experiments.resume_experiment(experiment=experiment, user=person(request))
        return _("The experiment goes on.")

    return _changed(request, pk, change)


@require_POST
def experiment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        experiments.cancel_experiment(experiment=experiment, user=person(request))
        return _("Cancelled. What has been measured is kept.")

    return _changed(request, pk, change)


@require_POST
def experiment_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        count = experiments.rerun_failed(experiment=experiment, user=person(request))
        said = ngettext(
            "%(count)s failed trial is run again.", "%(count)s failed trials are run again.", count
        )
        return said % {"count": count}

    return _changed(request, pk, change)


@require_POST
def experiment_add(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        text = request.POST.get("trials", "")
        trials = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        count = experiments.add_trials(experiment=experiment, user=person(request), trials=trials)
        said = ngettext("%(count)s trial was added.", "%(count)s trials were added.", count)
        return said % {"count": count}

    return _changed(request, pk, change)


@require_POST
def experiment_class(request: HttpRequest, pk: int) -> HttpResponse:
    """`shared`: 1 for the class, else only its owner and instructors."""

    def change(experiment: Experiment) -> str:
        is_shared = request.POST.get("shared") == "1"
        classroom.share_experiment(experiment=experiment, is_shared=is_shared, user=person(request))
        if is_shared:
            return _("Every student sees this experiment and its runs now.")
        return _("Only its owner and instructors see this experiment now.")

    return _changed(request, pk, change)


@require_POST
def experiment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    def change(experiment: Experiment) -> str:
        name, notes = request.POST.get("name", ""), request.POST.get("notes", "")
        experiments.edit_experiment(
            experiment=experiment, name=name, notes=notes[:20_000], user=person(request)
        )
        return _("Name and notes are kept.")

    return _changed(request, pk, change)
