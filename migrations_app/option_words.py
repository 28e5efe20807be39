"""The options of a run in words: all of them for its page, those not by default for lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from migrations_app.services.options import DEFAULTS
from migrations_app.words import COMPRESSIONS, OPTIONS, Phrase, title_of


@dataclass(frozen=True)
class OptionRow:
    words: Phrase
    value: str


def options_of(options: Mapping[str, object]) -> list[OptionRow]:
    """Every option of a run (MigrationJob.options) with its value."""
    return [OptionRow(OPTIONS[name], _value(name, value)) for name, value in options.items()]


def _value(name: str, value: object) -> str:
    if name == "encrypted":
        return _("encrypted") if value else _("plain")
    if name == "compression":
        return str(title_of(COMPRESSIONS, str(value)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("none") if value is None else str(value)


def short_options(options: Mapping[str, object]) -> str:
    """Those not by default that can change a figure, in a few words; empty where there are none."""
    other = {name: value for name, value in options.items() if value != DEFAULTS[name]}
    other.pop("keep_images", None)  # it is done after everything that is measured
    return " · ".join(_short(name, value) for name, value in other.items())


def link_words(link: Mapping[str, object]) -> str:
    """How a link is shaped, in a few words: “100 Mbit/s · 20 ms each way”."""
    told = [_LINK[name] % {"value": value} for name, value in link.items() if value is not None]
    return " · ".join(map(str, told)) or _("link as it is")


_LINK = {
    "link_rate_mbit_s": gettext_lazy("link: %(value)s Mbit/s"),
    "link_delay_ms": gettext_lazy("%(value)s ms each way"),
    "link_loss_percent": gettext_lazy("%(value)s %% lost"),
}


def _short(name: str, value: object) -> str:
    if name in ("encrypted", "compression"):
        return _value(name, value)
    if name == "bandwidth_limit_mbit_s":
        return _("at most %(limit)s Mbit/s") % {"limit": value}
    if name in _LINK:
        return link_words({name: value})
    if isinstance(value, bool):
        return str(OPTIONS[name].title)
    return _("%(option)s: %(value)s") % {"option": OPTIONS[name].title, "value": value}
