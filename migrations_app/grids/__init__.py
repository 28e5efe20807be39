"""The grid of an experiment: checked, counted before it is expanded, put into an order. Pure."""

from .duration import Duration, how_long
from .grid import UNSHAPED, Axis, Cell, Counts, Grid, Role
from .order import Slot, in_order, more_rounds
from .reading import MOST_COOL_DOWN_S, MOST_JOBS, MOST_REPETITIONS, GridRefused, parsed

__all__ = (
    "MOST_COOL_DOWN_S",
    "MOST_JOBS",
    "MOST_REPETITIONS",
    "UNSHAPED",
    "Axis",
    "Cell",
    "Counts",
    "Duration",
    "Grid",
    "GridRefused",
    "Role",
    "Slot",
    "how_long",
    "in_order",
    "more_rounds",
    "parsed",
)
