"""Figures that others published, to be laid beneath ours: always with source and year.

They were measured on other machines with other programs; they say in which range such figures lie,
and are never part of a statistic of ours. MB of a source are 10^6 bytes.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .data import Published

MIB_PER_MB = 1e6 / 2**20
_CELESTIAL = "Celestial"
_CELESTIAL_SETTING = _("podman export and import of a redis container, median of 10")
_CELESTIAL_MB = (0, 100, 500, 1000, 2000)
_CELESTIAL_TOTAL_S = (2.44, 5.53, 16.7, 31.7, 61.6)
_CELESTIAL_FROZEN_MS = (33, 120, 381, 719, 1418)


def _celestial(metric: str, values: tuple[float, ...]) -> tuple[Published, ...]:
    return tuple(
        Published(
            _CELESTIAL, 2024, _CELESTIAL_SETTING, metric, value, {"memory_mib": mb * MIB_PER_MB}
        )
        for mb, value in zip(_CELESTIAL_MB, values, strict=True)
    )


PUBLISHED: tuple[Published, ...] = (
    Published(
        "Clark et al., NSDI", 2005, _("virtual machine on Xen, Quake 3 server"), "stop_time_ms", 60
    ),
    Published(
        "Clark et al., NSDI", 2005, _("virtual machine on Xen, SPECweb99"), "stop_time_ms", 210
    ),
    *_celestial("total_time_ms", tuple(1000 * seconds for seconds in _CELESTIAL_TOTAL_S)),
    *_celestial("criu_frozen_time_ms", _CELESTIAL_FROZEN_MS),
    Published(
        "CLM", 2026, _("runc, Flask, stop-and-copy, idle, median of 100"), "client_gap_ms", 960
    ),
    Published("CLM", 2026, _("runc, Flask, post-copy, median of 100"), "client_gap_ms", 1386),
    Published("P.Haul HOWTO", None, _("a program that touches memory"), "total_time_ms", 4120),
    Published(
        "P.Haul HOWTO", None, _("a program that touches memory"), "criu_frozen_time_ms", 1610
    ),
    Published("P.Haul HOWTO", None, _("a program that touches memory"), "restore_time_ms", 1060),
    Published("podman #12257", 2021, _("a tiny container"), "criu_frozen_time_ms", 39),
)


def published_for(metric_name: str, factor: str | None = None) -> list[Published]:
    """Those of one metric; with `factor`, only those whose place on that axis is known."""
    rows = [row for row in PUBLISHED if row.metric == metric_name]
    return rows if factor is None else [row for row in rows if factor in row.x]
