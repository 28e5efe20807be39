"""What goes along with a container between simulated hosts: volumes and the policy of restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrations_app.engine.errors import NotPossible, StepFailed

from .simulated import SENT

VOLUME, POLICY, FILES = "data", "always", 3


class Along:
    def _along_look(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._container(params)
        self._job(params)["volumes_sent"] = list(self.volumes)
        volume = {"anonymous": False, "plain": True, "shared_with": []}
        trees = {"root": {"files": FILES, "bytes": 100}}
        trees |= {f"volume:{name}": {"files": FILES, "bytes": 100} for name in self.volumes}
        volumes = dict.fromkeys(self.volumes, volume)
        more = {"image_bytes": 1000, "log_driver": self.pair.log_driver}
        return {"trees": trees, "volumes": volumes, **more}

    def _container_fits(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"occupied": [name for name in params["volumes"] if self.volumes.get(name)]}

    def _volume_digest(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"digest": self.volumes[params["volume"]]}

    def _volumes_make(self, params: Mapping[str, Any]) -> dict[str, Any]:
        made = [name for name in params["volumes"] if name not in self.volumes]
        self._job(params)["volumes_made"] = made
        self.volumes |= dict.fromkeys(made, "")
        return {"made": made}

    def _volumes_back(self, params: Mapping[str, Any]) -> None:
        for name in self._job(params).get("volumes_made", []):
            self.volumes.pop(name, None)

    def _volumes_remove(self, params: Mapping[str, Any]) -> dict[str, Any]:
        for name in self._job(params).get("volumes_sent", []):
            self.volumes.pop(name, None)
        return {"kept": []}

    def _along_send(self, params: Mapping[str, Any]) -> dict[str, Any]:
        there = self.pair.target
        if there.gone:
            raise StepFailed("no route to the target", code="transfer-failed")
        self._arrives(params)
        return {**self._takes(SENT), "bytes": 300, **self._told(params, FILES, 100)}

    def _told(self, params: Mapping[str, Any], changed: int, count: int) -> dict[str, Any]:
        tree = {"files": FILES, "changed": changed, "bytes": count}
        names = [name for name in params["trees"] if name != "log"]
        log = {"bytes": 50, "cut": self.pair.log_cut, "drained": not self.pair.log_cut}
        return {
            "trees": dict.fromkeys(names, tree),
            **({"log": log} if "log" in params["trees"] else {}),
        }

    def _arrives(self, params: Mapping[str, Any]) -> None:
        there = self.pair.target
        for name in params["trees"]:
            if name not in ("root", "log"):
                there.volumes[name.partition(":")[2]] = self.volumes[name.partition(":")[2]]
        there._job(params)["arrived"] = True

    def _along_check(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if not self._job(params).get("arrived"):
            raise NotPossible("nothing came along", code="bad-request")
        counts = {"files": FILES, "bytes": 300, "changed_since": 0}
        wrong = self.pair.wrong_files
        return {**counts, "same": FILES - len(wrong), "wrong": list(wrong)}

    def _policy_off(self, params: Mapping[str, Any]) -> dict[str, Any]:
        word = self._container(params).policy
        if word != "no":
            self._job(params).update(restart_word=word, restart_container=params["name"])
        self._container(params).policy = "no"
        return {"word": word}

    def _policy_back(self, params: Mapping[str, Any]) -> dict[str, Any]:
        journal = self._job(params)
        container = self.containers.get(journal.get("restart_container", ""))
        if container is None:
            return {"word": None}
        container.policy = journal["restart_word"]
        return {"word": container.policy}

    def _policy_set(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._container(params).policy = params["word"]
        return {"word": params["word"]}
