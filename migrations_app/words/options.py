"""The options of a run in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import Compression

from .base import Phrase

# By the names of services.options.DEFAULTS.
OPTIONS: dict[str, Phrase] = {
    "encrypted": Phrase(
        _("Between the hosts"),
        _(
            "The image holds the workload's memory. Encrypted, both ends prove who they are, with keys made for this run alone."
        ),
    ),
    "compression": Phrase(
        _("Compression"),
        _("Of everything between the hosts. It helps on a slow link and costs time on a fast one."),
    ),
    "bandwidth_limit_mbit_s": Phrase(
        _("Bandwidth limit (Mbit/s)"),
        _("The source sends no faster than this. Empty: as fast as the link lets it."),
    ),
    "link_rate_mbit_s": Phrase(
        _("Link rate (Mbit/s)"),
        _(
            "Both hosts send each other no faster than this while the run lasts: as if the link between them were slower. Empty: the link as it is."
        ),
    ),
    "link_delay_ms": Phrase(
        _("Link delay (ms)"),
        _(
            "Added each way while the run lasts. It needs netem in the hosts' kernel. Empty: none is added."
        ),
    ),
    "link_loss_percent": Phrase(
        _("Link loss (%)"),
        _(
            "So many of the packets are lost, each way, while the run lasts. It needs netem in the hosts' kernel. Empty: none."
        ),
    ),
    "tcp_established": Phrase(
        _("Open TCP connections come along"),
        _(
            "Whoever is connected stays connected and loses nothing. For containers with an address of their own on a macvlan network; not with cold."
        ),
    ),
    "keep_images": Phrase(
        _("Keep the images"),
        _(
            "What the target restored from stays there on disk after the run. It holds the workload's memory; only root can read it. Not with cold."
        ),
    ),
    "leave_running": Phrase(
        _("Leave a copy running"),
        _(
            "The original continues on the source as well: a clone instead of a move. The copy becomes a workload of its own."
        ),
    ),
    "most_rounds": Phrase(_("Most rounds"), _("After so many rounds it is frozen in any case.")),
    "pages_left": Phrase(
        _("Pages left"), _("It is frozen when a round finds at most so many pages changed.")
    ),
    "growth_percent": Phrase(
        _("Growth (%)"),
        _("It is frozen when a round finds so much more changed than the one before."),
    ),
    "stop_time_ms": Phrase(
        _("Target stop time (ms)"),
        _(
            "It is frozen as soon as the stop time to be expected is no longer than this. Empty: no such rule."
        ),
    ),
}
COMPRESSIONS: dict[str, Phrase] = {
    Compression.NONE: Phrase(_("No compression"), _("Bytes go as they are.")),
    Compression.LZ4: Phrase(_("lz4"), _("Quick, packs a little.")),
    Compression.ZSTD: Phrase(_("zstd"), _("Slower, packs more.")),
}
