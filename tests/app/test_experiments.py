"""Experiments asked for, refused, extended; what their pages and the API read of them."""

import pytest

from migrations_app import experiment_selectors as reads
from migrations_app.models import Experiment, ExperimentStatus, IllegalTransition, Trial
from migrations_app.models.experiment_states import EXPERIMENT_MOVES, TRIAL_MOVES, TrialState
from migrations_app.services import experiments
from migrations_app.services.codes import Code, ExperimentRefused, Refused
from tests.fakes import failed, succeed

from .makers import make_host, make_job, make_workload
from .runs import FACTS
from .trial_work import grid_of, make_experiment, two_hosts, work_off

pytestmark = pytest.mark.django_db
UNSHAPED = {"link_rate_mbit_s": None, "link_delay_ms": None, "link_loss_percent": None}


def refusal_of(*pairs, name="x", seed=1, cool_down_s=0, **changes):
    with pytest.raises(Refused) as caught:
        experiments.create_experiment(
            name=name,
            grid=grid_of(*pairs, **changes),
            user=None,
            seed=seed,
            cool_down_s=cool_down_s,
        )
    assert not Experiment.objects.exists() and not Trial.objects.exists()
    return caught.value


def test_every_trial_is_a_row_in_its_place(sent):
    experiment = make_experiment(warm_ups=1, controls=1)
    rows = list(experiment.trials.all())
    assert [row.position for row in rows] == list(range(7))
    assert [row.role for row in rows[:2]] == ["warm-up"] * 2
    assert {row.factors["strategy"] for row in rows} == {"cold", "pre-copy", None}


def test_the_seed_is_drawn_and_kept_and_gives_the_order(sent):
    pair = two_hosts()
    drawn = experiments.create_experiment(name="a", grid=grid_of(pair, trials=9), user=None)
    again = experiments.create_experiment(
        name="b", grid=grid_of(pair, trials=9), user=None, seed=drawn.seed
    )
    assert list(drawn.trials.values_list("cell", "repetition")) == list(
        again.trials.values_list("cell", "repetition")
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, Code.BAD_EXPERIMENT_NAME),
        ({"name": "n" * 121}, Code.BAD_EXPERIMENT_NAME),
        ({"seed": -1}, Code.GRID_NUMBER_OUT_OF_RANGE),
        ({"cool_down_s": 3601}, Code.GRID_NUMBER_OUT_OF_RANGE),
        ({"trials": 1001}, Code.GRID_NUMBER_OUT_OF_RANGE),
        ({"trials": 999, "strategies": ["cold", "hybrid", "post-copy"]}, Code.GRID_TOO_LARGE),
        ({"options": {"no-such": [1]}}, Code.UNKNOWN_OPTION),
        ({"options": {"compression": ["zip"]}}, Code.BAD_OPTION),
        ({"options": {"most_rounds": [51]}}, Code.OPTION_OUT_OF_RANGE),
        ({"links": [{**UNSHAPED, "link_loss_percent": 90}]}, Code.OPTION_OUT_OF_RANGE),
        ({"links": [{**UNSHAPED, "link_rate_mbit_s": 1.5}]}, Code.BAD_OPTION),
        ({"pairs": [[98, 99]]}, Code.UNKNOWN_HOST),
    ],
)
def test_what_can_not_be_run_is_refused_and_leaves_nothing(changes, code):
    assert refusal_of(**changes).code == code


def test_a_pair_of_which_a_host_is_away_is_refused():
    pair = [make_host(facts=FACTS), make_host(state="unreachable")]
    assert refusal_of(pair).code == Code.HOST_UNREACHABLE


def test_an_option_that_a_host_lacks_is_refused():
    pair = [make_host(facts=FACTS), make_host(facts={**FACTS, "compression": []})]
    assert refusal_of(pair, options={"compression": ["none", "zstd"]}).code == "compression-missing"


def test_a_link_that_a_host_can_not_shape_is_refused():
    can = {"bandwidth": True, "delay": False}
    pair = [make_host(facts={**FACTS, "shaping": can}) for _ in range(2)]
    slow, late = {"link_rate_mbit_s": 100}, {"link_delay_ms": 20}
    assert refusal_of(pair, links=[slow, late]).code == "link-delay-missing"


@pytest.mark.django_db(transaction=True)
def test_each_trial_runs_over_its_own_link(engine, sent):
    links = [{**UNSHAPED, "link_rate_mbit_s": 100}, UNSHAPED]
    experiment = make_experiment(links=links, strategies=["cold"])
    work_off(sent)
    rows = experiment.trials.values_list("factors", "job__link_rate_mbit_s")
    assert sorted(rate or 0 for _factors, rate in rows) == [0, 0, 100, 100]
    assert all(factors["link"]["link_rate_mbit_s"] == rate for factors, rate in rows)


def test_hosts_that_do_not_fit_together_are_refused():
    pair = [make_host(facts=FACTS), make_host(facts={**FACTS, "architecture": "aarch64"})]
    assert refusal_of(pair).code == "architecture-differs"


@pytest.mark.parametrize("old", ExperimentStatus)
@pytest.mark.parametrize("new", ExperimentStatus)
def test_an_experiment_moves_only_as_drawn_and_each_move_is_kept(sent, old, new):
    experiment = make_experiment()
    Experiment.objects.update(status=old)
    if new in EXPERIMENT_MOVES[old]:
        experiment.transition(old, new, "r")
        assert Experiment.objects.get().status == new
        assert experiment.transitions.get().to_status == new
        return
    with pytest.raises(IllegalTransition):
        experiment.transition(old, new)
    assert not experiment.transitions.exists()


@pytest.mark.parametrize("old", TrialState)
@pytest.mark.parametrize("new", TrialState)
def test_a_trial_moves_only_as_drawn(sent, old, new):
    trial = make_experiment().trials.first()
    Trial.objects.update(state=old)
    if new in TRIAL_MOVES[old]:
        trial.move(old, new)
        assert Trial.objects.get(pk=trial.pk).state == new
    else:
        with pytest.raises(IllegalTransition):
            trial.move(old, new)


def test_of_two_who_move_it_one_wins(sent):
    experiment = make_experiment()
    experiments.pause_experiment(experiment=Experiment.objects.get(pk=experiment.pk), user=None)
    with pytest.raises(ExperimentRefused) as caught:
        experiments.pause_experiment(experiment=experiment, user=None)
    assert caught.value.code == Code.EXPERIMENT_NOT_RUNNING


def test_what_is_over_can_not_be_changed_any_more(sent):
    experiment = make_experiment()
    experiments.cancel_experiment(experiment=experiment, user=None)
    for change in (
        lambda: experiments.cancel_experiment(experiment=experiment, user=None),
        lambda: experiments.add_trials(experiment=experiment, trials=1, user=None),
    ):
        with pytest.raises(ExperimentRefused) as caught:
            change()
        assert caught.value.code == Code.EXPERIMENT_OVER
    with pytest.raises(ExperimentRefused):
        experiments.resume_experiment(experiment=experiment, user=None)


def test_trials_are_added_as_further_rounds(sent):
    experiment = make_experiment(warm_ups=1, controls=1)
    assert experiments.add_trials(experiment=experiment, trials=2, user=None) == 4
    rows = Experiment.objects.get().trials.all()
    assert [row.position for row in rows] == list(range(11))
    assert {row.repetition for row in rows if row.role == "trial"} == {1, 2, 3, 4}
    assert [row.role for row in rows].count("control") == 1
    assert Experiment.objects.get().grid["trials"] == 4


@pytest.mark.parametrize(
    ("trials", "code"),
    [(0, Code.GRID_NUMBER_OUT_OF_RANGE), (1000, Code.GRID_TOO_LARGE)],
)
def test_too_many_or_no_trials_are_not_added(sent, trials, code):
    experiment = make_experiment()
    with pytest.raises(ExperimentRefused) as caught:
        experiments.add_trials(experiment=experiment, trials=trials, user=None)
    assert caught.value.code == code
    assert experiment.trials.count() == 4


def test_nothing_is_run_again_where_nothing_failed(sent):
    with pytest.raises(ExperimentRefused) as caught:
        experiments.rerun_failed(experiment=make_experiment(), user=None)
    assert caught.value.code == Code.NOTHING_FAILED


# --- reads --------------------------------------------------------------------------------------
def succeeded(total_s, **fields):
    workload = make_workload(
        type_name="memory",
        kind="process",
        parameters={"memory_mib": 1, "dirty_pages_per_s": 0, "interval_ms": 1},
    )
    return make_job(
        workload, status="succeeded", strategy="cold", total_time_ms=total_s * 1000, **fields
    )


def test_how_long_it_takes_is_unknown_before_the_first_run_like_it():
    plan = reads.preview(grid_of(strategies=["cold"], trials=3))
    assert plan.counts.jobs == 3
    assert (plan.duration.seconds, plan.duration.unknown) == (None, 3)


def test_how_long_it_takes_is_told_by_runs_just_like_it():
    for total in (2, 4, 90):
        succeeded(total)
    succeeded(50, compression="zstd")  # not alike
    succeeded(70, link_rate_mbit_s=10)
    make_job(status="failed", total_time_ms=1.0)
    plan = reads.preview(grid_of(strategies=["cold", "pre-copy"], trials=3), cool_down_s=1)
    assert (plan.duration.seconds, plan.duration.unknown) == (3 * (4 + 1), 3)


def test_a_preview_says_what_stands_in_the_way_and_refuses_nothing_of_it():
    pair = [make_host(facts=FACTS), make_host(state="unreachable")]
    plan = reads.preview(grid_of(pair))
    assert [blocked.strategy for blocked in plan.blocked] == ["cold", "pre-copy"]


def test_a_preview_asks_the_database_a_fixed_number_of_times(django_assert_max_num_queries):
    pairs = [two_hosts() for _ in range(4)]
    with django_assert_max_num_queries(3):
        reads.preview(grid_of(*pairs, trials=100))


@pytest.mark.django_db(transaction=True)
def test_figures_are_of_what_succeeded_and_failures_are_counted(engine, sent):
    tried = []

    def every_third_fails(plan, observer, cancelled):
        tried.append(plan)
        bad = len(tried) % 3 == 0
        return failed(plan, code="dump-failed") if bad else succeed(plan, observer, cancelled)

    engine.on_migrate = every_third_fails
    experiment = make_experiment(trials=3, warm_ups=1, controls=2)
    work_off(sent)
    cells = reads.cells_of(experiment)
    assert [cell.role for cell in cells] == ["trial", "trial", "control"]
    migrated = cells[:2]
    assert sum(cell.n + cell.failed for cell in migrated) == 6
    assert all(len(cell.values("stop_time_ms")) == cell.n for cell in migrated)
    assert all(len(cell.warm_ups) == 1 for cell in migrated)
    assert cells[2].values("observed_gap_ms") == [3.5, 3.5]
    assert cells[2].median("stop_time_ms") is None
    progress = reads.progress_of(experiment)
    assert (progress.total, progress.done) == (10, 10)
    assert progress.failed == 2 and not progress.under_way


def test_the_summary_names_no_host_unless_it_is_told_their_names(sent):
    pair = two_hosts()
    experiment = make_experiment(pair)
    told = reads.summary(experiment)
    assert {cell["factors"]["source"] for cell in told["cells"]} == {"A"}
    assert pair[0].name not in str(told) and pair[0].address not in str(told)
    named = reads.summary(experiment, reads.host_names(experiment))
    assert named["cells"][0]["factors"]["target"] == pair[1].name


def test_lists_and_cells_cost_the_same_whatever_the_number(sent, django_assert_max_num_queries):
    for _ in range(3):
        experiment = make_experiment(trials=20)
    with django_assert_max_num_queries(1):
        assert [one.total for one in reads.experiments(None)] == [40, 40, 40]
    with django_assert_max_num_queries(1):
        assert len(reads.cells_of(experiment)) == 2
