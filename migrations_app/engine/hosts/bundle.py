"""Packs the hostside program into one zipapp whose name is its hash.

In it the package is called `engine` and holds only what the hostside imports, so that nothing of
the controller (paramiko, Django) is asked for on a host.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ENGINE = Path(__file__).parent.parent
PARTS = ("errors.py", "tools/*.py", "hostside/*.py", "hostside/*.sh")
_MAIN = "from engine.hostside.__main__ import main\nmain()\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can say: the same sources give the same bytes


@dataclass(frozen=True)
class Bundle:
    name: str
    data: bytes


@lru_cache(maxsize=1)
def bundle() -> Bundle:
    """The program as bytes, the same for the same sources, named `hostside-HASH.pyz`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", _MAIN)
        _add(archive, "engine/__init__.py", "")
        for path in sorted(path for part in PARTS for path in ENGINE.glob(part)):
            _add(archive, f"engine/{path.relative_to(ENGINE).as_posix()}", path.read_text())
    data = buffer.getvalue()
    return Bundle(f"hostside-{hashlib.sha256(data).hexdigest()[:16]}.pyz", data)


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
