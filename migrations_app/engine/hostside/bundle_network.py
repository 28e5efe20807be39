"""Docker's network for an armed container, made before the freeze instead of inside the restore.

Up to Docker 27 a prestart hook in the bundle attaches the network; runc runs it in the middle of
a restore, where it takes 80 ms. Here it runs while the source still works, against a namespace
that a process of ours holds for the moment; Docker keeps it by a file of its own. The bundle then
names that file as the container's network namespace, and the hook is gone from it. From Docker 28
on there is no such hook: the network is attached after the restore, and nothing is done here.

Called by runtime.sh as `python3 ARCHIVE bundle-network BUNDLE ID`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from . import late_network, silence
from .run import Runner, holding_namespace, run_with_input

ARMED = Path("/run/migration-lab/armed")  # as of runtime.sh
KEYS = Path("/run/docker/netns")  # where Docker keeps a file for each sandbox
CONNECTIONS = "MIGRATION_LAB_CONNECTIONS"  # not empty: they come along
SILENT = "MIGRATION_LAB_SILENT"  # the job, in the environment of our runtime
EXTERNAL_KEY = "extRootNetNS"  # runc's name for a network namespace that is given


def attach(
    bundle: Path,
    container: str,
    silent: str | None = None,
    addresses: Sequence[str] = (),
    *,
    must: bool = False,
) -> str | None:
    """Run the bundle's network hooks now; the namespace's file, or None where there is no hook.

    silent: the job by whose name nothing is heard from the network as long as the source has it.
    addresses: for open connections, where the network comes late. must: there are some.

    Raises StepFailed with code `arm-failed` when a hook fails or leaves no file.
    """
    path = bundle / "config.json"
    config = json.loads(path.read_text())
    network = _own_network(config)
    hooks = config.get("hooks") or {}
    if network is None or not hooks.get("prestart"):
        if network is None or not addresses or not silent:
            return None
        network["path"] = late_network.make_namespace(ARMED / container, addresses, silent)
        path.write_text(json.dumps(config))
        return str(network["path"])
    with holding_namespace() as pid:
        if silent:
            silence.silence(silence.of_process(pid), silent, Runner(), must=must)
        for hook in hooks.pop("prestart"):
            _run(hook, bundle, container, pid)
        mine = [key for key in _keys() if _is_of(key, pid)]
    if len(mine) != 1:
        raise StepFailed("Docker's hook left no network namespace", code="arm-failed")
    network["path"] = mine[0]
    config["hooks"] = hooks
    path.write_text(json.dumps(config))
    return mine[0]


def become_own(container: str) -> bool:
    """Let runc see the restored container's network as its own again; whether that was to be done.

    runc wrote the file's path down with the container. A later checkpoint would leave out what is
    then somebody else's network, and Docker's own restore could not find it: the exercise by hand
    would lose the container.
    """
    for state in Path("/run/docker").glob(f"runtime-*/moby/{container}/state.json"):
        text = json.loads(state.read_text())
        given = [one for one in text["config"]["namespaces"] if _given_network(one)]
        for namespace in given:
            namespace["path"] = ""
        fresh = state.with_name("state.json.migration-lab")
        fresh.write_text(json.dumps(text))
        fresh.chmod(state.stat().st_mode)
        fresh.replace(state)
        return bool(given)
    return False


def _given_network(namespace: dict[str, Any]) -> bool:
    """As libcontainer writes it: type and path."""
    return namespace["type"] == "NEWNET" and bool(namespace.get("path"))


def _own_network(config: dict[str, Any]) -> dict[str, Any] | None:
    """The container's own namespace; None for one that it shares with others."""
    for namespace in config["linux"]["namespaces"]:
        if namespace["type"] == "network" and not namespace.get("path"):
            own: dict[str, Any] = namespace
            return own
    return None


def _keys() -> list[str]:
    return sorted(str(key) for key in KEYS.iterdir()) if KEYS.is_dir() else []


def _is_of(key: str, pid: int) -> bool:
    """Whether this file is the network namespace of pid."""
    own, kept = Path(f"/proc/{pid}/ns/net").stat(), Path(key).stat()
    return (own.st_dev, own.st_ino) == (kept.st_dev, kept.st_ino)


def _run(hook: dict[str, Any], bundle: Path, container: str, pid: int) -> None:
    """As runc would: the state of the container on standard input (OCI runtime-spec, hooks)."""
    state = {
        "ociVersion": "1.0.2",
        "id": container,
        "status": "creating",
        "pid": pid,
        "bundle": str(bundle),
    }
    argv = hook.get("args") or [hook["path"]]
    environment = dict(pair.split("=", 1) for pair in hook.get("env") or [])
    run_with_input([hook["path"], *argv[1:]], json.dumps(state), argv[0], environment)


def external_option(pid: int) -> tuple[str, ...]:
    """For a dump: the task's network is not looked into; the target has one of its own."""
    inode = Path(f"/proc/{pid}/ns/net").stat().st_ino
    if inode == Path("/proc/self/ns/net").stat().st_ino:
        return ()
    return (f"net[{inode}]:{EXTERNAL_KEY}",)
