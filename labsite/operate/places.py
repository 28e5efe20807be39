"""Where this instance keeps its things, and the environment that its processes get."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labsite import settings
from labsite.sockets import make_socket_dir, socket_dir

from .errors import OperateError
from .leftovers import Owner


@dataclass(frozen=True)
class Places:
    checkout: Path
    data: Path  # database, logs, keys
    sockets: Path
    instance: str

    @property
    def owner(self) -> Owner:
        return Owner(self.data, self.sockets)

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def port_file(self) -> Path:
        """Remembers the web server's port from one start to the next."""
        return self.data / "port"

    @property
    def code_stamp(self) -> Path:
        """Which state of the code the running processes have read."""
        return self.data / "code-stamp"

    @property
    def bin(self) -> Path:
        return Path(sys.executable).parent

    @property
    def supervisor_conf(self) -> Path:
        return self.checkout / "labsite" / "supervisord.conf"

    def make(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        make_socket_dir(self.sockets)

    def environment(self, port: int, redis_server: str = "redis-server") -> dict[str, str]:
        """What supervisord, the site's processes and `manage.py` are started with."""
        return {
            "MIGRATION_LAB_CHECKOUT": str(self.checkout),
            "MIGRATION_LAB_DATA": str(self.data),
            "MIGRATION_LAB_INSTANCE": self.instance,
            "MIGRATION_LAB_SOCKETS": str(self.sockets),
            "MIGRATION_LAB_BIN": str(self.bin),
            "MIGRATION_LAB_PORT": str(port),
            "MIGRATION_LAB_URL": url_of(port),
            "MIGRATION_LAB_REDIS_SERVER": redis_server,
            "REDIS_URL": f"unix://{self.sockets / 'redis.sock'}",
        }


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def own_places() -> Places:
    """Those of this checkout, as the settings name them."""
    return Places(
        checkout=settings.BASE_DIR,
        data=settings.DATA_DIR,
        sockets=socket_dir(settings.DATA_DIR, settings.INSTANCE),
        instance=settings.INSTANCE,
    )


def with_own(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with ours on top."""
    return {**os.environ, **environment}


def find_redis_server(places: Places) -> str:
    """A redis-server program. Raises OperateError when there is none.

    Debian's package redis-server would start a service of its own; redis-tools has the same
    program under the name redis-check-rdb, and the program goes by the name it is called by.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    check = shutil.which("redis-check-rdb")
    if check is None:
        raise OperateError("Redis is missing: install the Debian package redis-tools")
    link = places.data / "redis-server"
    link.unlink(missing_ok=True)
    link.symlink_to(check)
    return str(link)
