"""The verbs for containers of a simulated host; see pair.py."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from migrations_app.engine.errors import NotPossible, StepFailed

from .simulated import CREATED, IMAGE_BYTES, SENT, Workload


class Containers:
    def _container(self, params: Mapping[str, Any]) -> Workload:
        if params["name"] not in self.containers:
            raise NotPossible(f"there is no container {params['name']}", code="workload-absent")
        return self.containers[params["name"]]

    def _container_inspect(self, params: Mapping[str, Any]) -> dict[str, Any]:
        seen = {"id": "1", "name": params["name"], "pid": 1, "config": {}, "host_config": {}}
        seen |= {"image": "busybox:latest", "image_id": "sha256:1", "tty": False}
        held = {
            "huge_bytes": 0,
            "memory_bytes": 2 << 20,
            "descriptors": ["/dev/null", "pipe:[1]", "pipe:[2]"],
        }
        return {**seen, **held, "status": _status(self._container(params))}

    def _container_state(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = self.containers.get(params["name"])
        state = _status(found) if found else "absent"
        code = found.exit_code if found and state == "exited" else None
        return {"state": state, "id": None, "exit_code": code}

    def _image_id(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": self.images.get(params["image"])}

    def _container_checkpoint(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = self._container(params)
        seen = self._dumped(container, params)
        container.state = "running" if params.get("leave_running") else "exited"
        return seen

    def _container_collect(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"done": True}

    def _container_create(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._job(params)["target_container"] = params["name"]
        self.containers[params["name"]] = Workload("created")
        return self._takes(CREATED)

    def _container_copy_checkpoint(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"bytes": IMAGE_BYTES, **self._takes(SENT)}

    def _container_restore(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = self._container(params)
        if container.state == "running":
            raise StepFailed("it runs already", code="restore-failed")
        return self._restored(container, params)

    def _container_restored(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.finish("_restore")
        return {**self._container_state(params), "docker_stayed": self.docker_stayed}

    def _container_discard(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._pending.pop("container_restore", None)
        if self._job(params).get("target_container") != params["name"]:
            return {"removed": False}
        self._volumes_back(params)
        return self._container_remove(params)

    def _container_remove(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"removed": self.containers.pop(params["name"], None) is not None}

    def _container_tail(self, params: Mapping[str, Any]) -> dict[str, Any]:
        printed = _part(self._container(params).printed, params)
        return {"lines": [f"{_docker_stamp(stamp)} {text}" for text, stamp in printed]}

    def _container_signal(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._check_memory(self._container(params).printed)
        return {}


def _part(printed: list[Any], params: Mapping[str, Any]) -> list[Any]:
    lines = params["lines"]
    return printed[:lines] if params.get("first") else printed[-lines:]


def _status(container: Workload) -> str:
    """As Docker sees it, which is not told when its control group is frozen behind its back."""
    return "running" if container.state == "frozen" else container.state


def _docker_stamp(wall_ns: int) -> str:
    second = datetime.datetime.fromtimestamp(wall_ns // 10**9, datetime.UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{wall_ns % 10**9:09d}Z"
