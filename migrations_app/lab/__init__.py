"""The lab: hosts on this machine to migrate between. Free of Django; usable alone.

python -m migrations_app.lab up
"""

from .config import DockerKind, LabConfig, LabHost, MachineKind, config_from, default_instance
from .errors import LabBootFailed, LabCommandFailed, LabError, LabNotPossible
from .instance import HostStatus, down, missing, purge, reset, shell_argv, status, up

__all__ = [
    "DockerKind",
    "HostStatus",
    "LabBootFailed",
    "LabCommandFailed",
    "LabConfig",
    "LabError",
    "LabHost",
    "LabNotPossible",
    "MachineKind",
    "config_from",
    "default_instance",
    "down",
    "missing",
    "purge",
    "reset",
    "shell_argv",
    "status",
    "up",
]
