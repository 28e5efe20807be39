"""Pages of one area each: a module here has `seed()`, which adds rows to those of `rows.seed()`.

It answers with the addresses of its pages by name; every test of all pages then looks at them, too.
"""

from __future__ import annotations

import importlib
import pkgutil


def seed() -> dict[str, str]:
    """Of all areas, in the order of their names; none takes the name of another's page."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    addresses: dict[str, str] = {}
    for module in modules:
        added = module.seed()
        assert addresses.keys().isdisjoint(added), addresses.keys() & added
        addresses |= added
    return addresses
