"""How the site's processes look for unreachable objects.

Django and its libraries are some 150,000 objects that live as long as the process. Looking through
them again and again made a third of a page with a large table.
"""

from __future__ import annotations

import gc

from django.urls import get_resolver

NEW_OBJECTS = 50_000  # before the collector looks at those; a large page makes more


def spare_what_stays() -> None:
    """What is there now, pages and all, is not looked at again (gc.freeze)."""
    assert get_resolver().url_patterns  # Django would import pages at the first request
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
