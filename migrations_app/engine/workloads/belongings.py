"""What belongs to a container besides its memory, and comes along: configuration, files, volumes.

What cannot come along is refused while the container still runs, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import NotPossible
from ..plan import Strategy
from ..preflight import network_comes_late
from ..report import Phase, PhaseName, Side
from ..run import Run
from ..tools import docker_create
from ..tools.docker import Container
from .base import count_sent
from .channel import Channel

ROOT, LOG = "root", "log"
KEPT_BY_DOCKER = ("json-file", "none", "", None)  # what other drivers keep is somewhere else


class Belongings:
    def __init__(self, run: Run, channel: Channel, name: str) -> None:
        self.run, self.channel, self._name = run, channel, name
        self._source: Container
        self._seen: dict[str, Any] = {"trees": {}, "volumes": {}}
        self._policy_touched = False

    @property
    def trees(self) -> list[str]:
        """Names of the writable layer and the volumes that are copied."""
        return list(self._seen["trees"])

    @property
    def passes(self) -> list[str]:
        """What goes along: the trees, and by the exercise's way the log where that is in files."""
        cold = self.run.plan.strategy is Strategy.COLD  # in a hand-over Docker has it open by then
        return self.trees + ([LOG] if cold and self._log_driver == "json-file" else [])

    @property
    def _log_driver(self) -> str | None:
        driver: str | None = self._seen.get("log_driver")
        return driver

    def prepare(self, source: Mapping[str, Any], *, image_lacks: bool) -> None:
        """Look at what there is, and refuse what does not fit. Raises NotPossible."""
        self._source = Container(**source)
        refuse_unfit(self._source, self.run.plan.strategy)
        if self.run.plan.tcp_established and not self.own_address:
            message = f"{self._source.name} has no address of its own that could go along"
            raise NotPossible(message, code="tcp-needs-address")
        self._seen = self._ask(Side.SOURCE, "along_look", name=self._name)
        if self._log_driver not in KEPT_BY_DOCKER:
            self.run.warnings.append(f"log-not-carried: {self._log_driver}")
        self._refuse_volumes()
        self._refuse_bind_mounts()
        self.run.files_bytes = sum(one["bytes"] for one in self._seen["trees"].values())
        wanted = self._wanted(image_lacks)
        fits = self._ask(Side.TARGET, "container_fits", PhaseName.PREPARE, **wanted)
        for volume in fits["occupied"]:
            self._refuse_other_content(volume)

    @property
    def own_address(self) -> bool:
        """Whether it has one that it keeps: then it is to be heard from one host at a time."""
        return any(docker_create.networks(self._source).values())

    @property
    def address(self) -> str | None:
        """The first that it keeps."""
        return next(filter(None, docker_create.networks(self._source).values()), None)

    def network_told(self) -> dict[str, Any]:
        """What both hosts have to know of its network for the hand-over."""
        told = {"silent": self.own_address, "connections": self.run.plan.tcp_established}
        if self.run.plan.tcp_established and network_comes_late(self.run.facts[Side.TARGET]):
            return {
                **told,
                "late": list(filter(None, docker_create.networks(self._source).values())),
            }
        return told

    def make_volumes(self) -> None:
        volumes = self._seen["volumes"]
        if volumes:
            anonymous = [name for name, one in volumes.items() if one["anonymous"]]
            self._ask(Side.TARGET, "volumes_make", volumes=list(volumes), anonymous=anonymous)

    def send_ahead(self, *, with_root: bool) -> None:
        """While the container runs: all of it, or only volumes where there is no place yet."""
        later = () if with_root else (ROOT, LOG)
        trees = [name for name in self.passes if name not in later]
        if not trees:
            return
        sent = self._send(trees, PhaseName.FILES, still=False)
        self.run.metrics["files_time_ms"] = (sent["end_ns"] - sent["start_ns"]) / 1e6
        self.run.metrics["files_bytes"] = sent["bytes"]
        self._note(sent, "ahead")

    def send_again(self) -> None:
        """While it stands still, and the target does not run it yet (the exercise's way)."""
        if self.passes:
            self.record(self._send(self.passes, PhaseName.FILES_AGAIN, still=True), counted=True)

    def record(self, sent: Mapping[str, Any] | None, *, counted: bool = False) -> None:
        """What the source told of its last pass."""
        if sent is None:
            return
        start = self.run.timeline.at_ms(Side.SOURCE, sent["start_ns"])
        duration = (sent["end_ns"] - sent["start_ns"]) / 1e6
        if not counted:
            phase = Phase(PhaseName.FILES_AGAIN, Side.SOURCE, start, duration, sent["bytes"])
            self.run.timeline.add(phase)
            count_sent(self.run, sent["bytes"])
        self.run.metrics["files_stop_time_ms"] = duration
        self.run.metrics["files_stop_bytes"] = sent["bytes"]
        self._note(sent, "again")

    def _send(self, trees: list[str], name: PhaseName, *, still: bool) -> dict[str, Any]:
        params = {"trees": trees, "still": still, **self.channel.to_target()}
        with self.run.timeline.phase(name, Side.SOURCE) as phase:
            sent = self.run.ask(Side.SOURCE, name, "along_send", memory=True, **params)
            phase.between(self.run.timeline, sent)
            phase.bytes = sent["bytes"]
        count_sent(self.run, sent["bytes"])
        return sent

    def _note(self, sent: Mapping[str, Any], when: str) -> None:
        """Per tree: entries in all, and those sent with their bytes, ahead and again; the log."""
        log = sent.get(LOG)
        if log is not None:
            self.run.along[LOG] = {"bytes": log["bytes"], "cut": log["cut"]}
        if log is not None and when == "again":
            if log["cut"]:
                self.run.warnings.append("log-cut")
            if not log["drained"]:
                self.run.warnings.append("log-incomplete")
        trees = self.run.along.setdefault("trees", {})
        for name, one in sent["trees"].items():
            noted = trees.setdefault(name, {})
            noted["files"] = one["files"]
            noted[f"changed_{when}"], noted[f"bytes_{when}"] = one["changed"], one["bytes"]

    def check(self) -> None:
        """On the target, with the container running there: every file again, and its checksum."""
        if not self.trees or "trees" not in self.run.along:
            return
        answer = self.run.ask(Side.TARGET, PhaseName.VERIFY, "along_check", memory=True)
        found = {name: value for name, value in answer.items() if name != "known"}
        if not answer.get("known", True):
            self.run.warnings.append("files-not-checked")  # so the source's volumes are kept
            return
        self.run.along["check"] = found
        self.run.metrics["files_checked"] = found["same"]

    def release_source(self) -> None:
        """Its volumes have gone along, and are removed like the container itself."""
        check = self.run.along.get("check")
        if check is None or check["wrong"]:
            if self._seen["volumes"] or not self._seen["trees"]:
                self._tell_kept()
            return
        if self._seen["volumes"]:
            kept = self._ask(Side.SOURCE, "volumes_remove", PhaseName.CLEAN_UP)["kept"]
            if kept:
                self.run.warnings.append(f"source-volumes-kept: {', '.join(kept)}")

    def _tell_kept(self) -> None:
        journal = self._ask(Side.SOURCE, "journal", PhaseName.CLEAN_UP)
        volumes = journal.get("volumes_sent")
        if volumes:
            self.run.warnings.append(f"source-volumes-kept: {', '.join(volumes)}")

    def recall(self) -> None:
        """After a crash: nothing is known but that it may have been begun."""
        self._policy_touched = True

    def policy_off(self) -> None:
        """From here on Docker does not start it again on the source, whatever happens."""
        self._policy_touched = True
        word = self._ask(Side.SOURCE, "policy_off", PhaseName.ARM, name=self._name)["word"]
        self.run.along["restart_policy"] = word

    def policy_back(self) -> None:
        """On the source, as its own note says."""
        if self._policy_touched and self.run.along.get("restart_policy") != "no":
            self._ask(Side.SOURCE, "policy_back", PhaseName.CLEAN_UP)

    def policy_set(self, name: str) -> None:
        """On the target; after a crash the source's note knows what it was."""
        word = self.run.along.get("restart_policy")
        if word is None:
            word = self._ask(Side.SOURCE, "journal", PhaseName.CLEAN_UP).get("restart_word", "no")
        if word != "no":
            self._ask(Side.TARGET, "policy_set", PhaseName.CLEAN_UP, name=name, word=word)

    def _wanted(self, image_lacks: bool) -> dict[str, Any]:
        sizes = {name: one["bytes"] for name, one in self._seen["trees"].items()}
        in_volumes = sum(size for name, size in sizes.items() if name != ROOT)
        return {
            "ports": docker_create.ports(self._source),
            "networks": docker_create.networks(self._source),
            "own_hardware_address": self.run.plan.tcp_established,
            "volumes": list(self._seen["volumes"]),
            "image_bytes": (self._seen["image_bytes"] or 0) if image_lacks else 0,
            "files_bytes": sum(sizes.values()),
            "volumes_bytes": in_volumes,
        }

    def _refuse_volumes(self) -> None:
        for name, volume in self._seen["volumes"].items():
            if not volume["plain"]:
                message = f"the volume {name} is made by a driver or with options: not a folder"
                raise NotPossible(message, code="volume-driver")
            if volume["shared_with"]:
                others = ", ".join(volume["shared_with"])
                message = f"the volume {name} is also used by {others}, which stays behind"
                raise NotPossible(message, code="volume-shared")
        if ROOT not in self._seen["trees"]:
            driver = "the writable layer of this container is not found: no overlay file system"
            raise NotPossible(driver, code="layer-unknown")

    def _refuse_bind_mounts(self) -> None:
        for mount in docker_create.bind_mounts(self._source):
            path = mount["Source"]
            if mount.get("RW", True):
                message = f"{path} of the source is mounted into it, and written to: use a volume"
                raise NotPossible(message, code="bind-mount")
            digests = [self._digest(side, "mount_digest", path=[path]) for side in Side]
            if digests[0] is None or digests[0] != digests[1]:
                message = f"{path} is mounted into it, and is not the same on the target"
                raise NotPossible(message, code="bind-mount")

    def _refuse_other_content(self, volume: str) -> None:
        digests = {self._digest(side, "volume_digest", volume=volume) for side in Side}
        if len(digests) > 1:
            message = f"there is a volume {volume} with other content on the target"
            raise NotPossible(message, code="volume-differs")

    def _digest(self, side: Side, verb: str, **params: Any) -> str | None:
        answer = self.run.ask(side, PhaseName.PREPARE, verb, memory=True, **params)
        digest: str | None = answer["digest"]
        return digest

    def _ask(
        self, side: Side, verb: str, phase: PhaseName = PhaseName.PREPARE, **params: Any
    ) -> dict[str, Any]:
        return self.run.ask(side, phase, verb, **params)


def refuse_unfit(container: Container, strategy: Strategy) -> None:
    """What no target could take. Raises NotPossible."""
    host = container.host_config
    if host.get("Devices") or host.get("DeviceRequests"):
        message = f"{container.name} has devices of the host, which CRIU cannot restore elsewhere"
        raise NotPossible(message, code="container-devices")
    shared = [name for name in ("NetworkMode", "PidMode", "IpcMode") if _shares(host, name)]
    if shared or host.get("Links"):
        what = shared[0] if shared else "Links"
        message = f"{container.name} hangs on something outside of it by {what}"
        raise NotPossible(message, code="container-shares")
    if host.get("AutoRemove") and strategy is Strategy.COLD:
        message = f"{container.name} was started with --rm: Docker would remove it with its image"
        raise NotPossible(message, code="container-auto-remove")


def _shares(host: Mapping[str, Any], name: str) -> bool:
    """A namespace of another container, or of the host where that cannot be restored."""
    mode = str(host.get(name) or "")
    return mode.startswith("container:") or (mode == "host" and name != "NetworkMode")
