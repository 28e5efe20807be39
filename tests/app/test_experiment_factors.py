"""An experiment's cells along a factor: lines, and the theory beneath them."""

from dataclasses import dataclass
from typing import Any

import pytest

from migrations_app.charts.theory import MIB, Theory, floor_of, stop_time_ms
from migrations_app.engine.plan import LINK
from migrations_app.views.experiment_factors import (
    BANDWIDTH,
    MEMORY,
    factor_of,
    lines_over,
    theory_of,
)

from .trial_work import make_experiment, work_off


@dataclass(frozen=True)
class Of:
    factors: dict[str, Any]


def cell(memory=64, rate=None, strategy="stop-and-copy", limit=None, **options):
    return Of(
        {
            "type": "memory",
            "kind": "process",
            "parameters": {} if memory is None else {"memory_mib": memory, "interval_ms": 1},
            "strategy": strategy,
            "options": {"bandwidth_limit_mbit_s": limit, **options},
            "link": {**dict.fromkeys(LINK), "link_rate_mbit_s": rate},
            "source": 1,
            "target": 2,
        }
    )


@pytest.mark.parametrize(
    ("rate", "limit", "wanted"),
    [(100, None, 100), (None, 50, 50), (100, 50, 50), (50, 100, 50), (None, None, None)],
)
def test_the_slower_of_link_and_limit_is_the_bandwidth(rate, limit, wanted):
    assert factor_of(cell(rate=rate, limit=limit).factors, BANDWIDTH) == wanted


def test_cells_that_differ_in_nothing_but_the_factor_are_one_line():
    cells = [cell(memory, rate) for memory in (16, 64) for rate in (10, 100)]
    assert list(lines_over(cells, MEMORY, {}).values()) == [[0, 2], [1, 3]]
    assert list(lines_over(cells, BANDWIDTH, {}).values()) == [[0, 1], [2, 3]]
    assert all("10 Mbit/s" not in label for label in lines_over(cells, BANDWIDTH, {}))


def test_a_cell_that_does_not_fix_the_factor_is_in_no_line():
    cells = [cell(rate=10), cell(rate=None), cell(memory=None)]
    assert list(lines_over(cells, BANDWIDTH, {}).values()) == [[0]]
    assert list(lines_over(cells, MEMORY, {}).values()) == [[0], [1]]


def test_the_floor_is_what_the_quickest_run_took_beyond_its_bytes():
    sent_ms = 64 * MIB * 8 / 100e6 * 1000
    runs = [(cell(rate=100).factors, [sent_ms + 700, sent_ms + 500]), (cell(16, 100).factors, [])]
    theory = theory_of(runs)
    assert theory.floor_ms == pytest.approx(500) and theory.bandwidth_mbit_s == 100
    told = Theory("stop-and-copy", 500, 64, 100)
    assert stop_time_ms(told) == pytest.approx(sent_ms + 500)
    assert floor_of([(told, sent_ms / 2)]) == 0.0


@pytest.mark.parametrize(
    "factors",
    [
        cell(rate=None).factors,
        cell(memory=None, rate=10).factors,
        cell(rate=10, compression="zstd").factors,
        cell(rate=10, strategy="pre-copy").factors,
        cell(rate=10, strategy="post-copy").factors,
    ],
)
def test_where_bytes_or_bandwidth_are_not_known_there_is_no_theory(factors):
    assert theory_of([(factors, [900.0])]) is None


def test_without_a_run_there_is_no_theory():
    assert theory_of([(cell(rate=10).factors, [])]) is None and theory_of([]) is None


@pytest.mark.django_db(transaction=True)
def test_the_page_draws_stop_time_over_bandwidth_with_its_theory(browser, engine, sent):
    links = [{**dict.fromkeys(LINK), "link_rate_mbit_s": rate} for rate in (10, 100)]
    experiment = make_experiment(links=links, strategies=["stop-and-copy"], trials=1)
    work_off(sent)
    page = browser.get(f"/experiments/{experiment.pk}/").content.decode()
    assert 'data-testid="chart-stop_time_ms-against-bandwidth_mbit_s"' in page
    assert '"name": "theory"' in page
    other = browser.get(f"/experiments/{experiment.pk}/", {"metric": "total_time_ms"})
    assert '"name": "theory"' not in other.content.decode()
