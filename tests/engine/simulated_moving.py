"""The hand-over between two simulated hosts: what is armed, what breaks on the way; see pair.py.

`Pair.breaks` names the moment at which the link, or a program of ours on a host, comes to its
end. Everything here happens as between real hosts: asked once, claimed once, told twice.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrations_app.engine.errors import (
    EngineError,
    HostSessionLost,
    HostUnreachable,
    NotPossible,
    StepFailed,
)

from .simulated import ARMED, IMAGE_BYTES, OUTPUT, PAGES, ROUND, SENT, STOPPED, Workload

# What can break, by the moment at which it does; the first word says what is broken.
LINK = (
    "link-connect",
    "link-stream",
    "link-ask",
    "link-answer",
    "link-second",
    "link-pages",
    "link-last",
)
TOOL = ("criu-dump", "criu-restore")
PROGRAM = ("source-frozen", "source-asked", "source-pages", "target-asked", "target-pages")
BREAKS = (*LINK, *TOOL, *PROGRAM)


@dataclass
class Armed:
    """A restore that waits on the target for the source's word, which comes once or never."""

    name: str | None  # of a container
    lazy: bool
    claimed: bool = False
    error: EngineError | None = None
    result: dict[str, Any] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def claim(self) -> bool:
        """For the restore or for its release, whichever comes first."""
        if self.claimed:
            return False
        self.claimed = True
        return True

    def end(self, error: EngineError | None = None, **result: Any) -> None:
        self.error, self.result = error, result
        self.done.set()

    def release(self) -> bool:
        if not self.claim():
            return False
        self.end(StepFailed("released before it was asked", code="released"))
        return True


class Moving:
    # The target's half

    def _hand_over_arm(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = params["kind"] == "container"
        if container and self._container(params).state != "created":
            raise StepFailed("it cannot be started", code="arm-failed")
        self._job(params)["hand_over"] = "target"
        self.armed[params["job"]] = Armed(params.get("name"), params["lazy"])
        return {**self._takes(ARMED), "network": container}

    def _hand_over_receive(self, params: Mapping[str, Any]) -> dict[str, Any]:
        armed = self.armed.get(params["job"])
        if armed is None:
            raise NotPossible("nothing is armed for this job here", code="bad-request")
        self.pair.receiving.set()
        self._wait(armed.done)
        if armed.error:
            raise armed.error
        return armed.result

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(0.002):
            if self.gone:
                raise HostUnreachable(f"{self.name} is gone")

    def _hand_over_release(self, params: Mapping[str, Any]) -> dict[str, Any]:
        armed = self.armed.pop(params["job"], None)
        return {"released": armed is not None and armed.release()}

    def _hand_over_keep(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.kept.append(params["job"])
        return {"path": f"/var/lib/migration-lab/kept/{params['job']}", "bytes": IMAGE_BYTES}

    def _restore_armed(self, armed: Armed, params: Mapping[str, Any], at: int) -> dict[str, Any]:
        """What the target does when it is asked; its answer. Raises its definite no."""
        workload = self._to_restore(armed, params)
        if self.pair.breaks == "criu-restore":
            raise StepFailed("it cannot be restored here", code="restore-failed")
        seen = self._restored(workload, params, at)
        self._job(params)["restored"] = params.get("pid")
        times = {"asked_ns": seen["start_ns"], "resumed_ns": seen["resumed_ns"]}
        moments = {"go": seen["start_ns"], "pre-restore": seen["start_ns"] + 1_000_000}
        moments["pre-resume"] = seen["resumed_ns"] - 1_000_000
        more = {"moments": moments, "stats": seen["stats"], "log": "", "bytes": IMAGE_BYTES}
        return {**times, **more, "finished_ns": seen["end_ns"], "pid": params.get("pid")}

    def _to_restore(self, armed: Armed, params: Mapping[str, Any]) -> Workload:
        journal = self._job(params)
        if armed.name is not None:
            journal["asked"] = True
            return self.containers[armed.name]
        journal.update(asked=True, target_pids=[params["pid"]])
        if params["pid"] in self.processes:
            raise StepFailed(f"Can't fork for {params['pid']}", code="restore-failed")
        self.processes[params["pid"]] = Workload("stopped", self.files[OUTPUT])
        return self.processes[params["pid"]]

    # The source's half

    def _hand_over_round(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._connected(params)
        self._workload(params)
        took = self._takes(ROUND)
        times = {"frozen_ns": took["start_ns"], "thawed_ns": took["start_ns"] + STOPPED * 10**6}
        pages = self.pair.round_pages[min(params["number"], len(self.pair.round_pages) - 1)]
        return {**took, **times, "pages": pages, "bytes": pages * 4096, "stats": {}}

    def _hand_over(self, params: Mapping[str, Any]) -> dict[str, Any]:
        job = params["job"]
        resumed = self.handing[job] = threading.Event()
        try:
            workload, there = self._workload(params), self._connected(params)
            armed = there.armed.get(job)
            if armed is None:
                raise StepFailed("nothing is armed", code="arm-failed")
            self.pair.receiving.wait(2)
            self._job(params).update(hand_over="source", asked=False, lazy=params["lazy"])
            self._job(params)["source_pid"] = params.get("pid")
            return self._moved(workload, there, armed, params)
        finally:
            resumed.set()

    def _workload(self, params: Mapping[str, Any]) -> Workload:
        if params["kind"] == "container":
            return self._container(params)
        if params["pid"] not in self.processes:
            raise NotPossible(f"there is no process {params['pid']}", code="workload-absent")
        return self.processes[params["pid"]]

    def _connected(self, params: Mapping[str, Any]) -> Any:
        there = self.pair.target
        listens = "allowed" in there.journals.get(params["job"], {})
        if there.gone or not listens or self.pair.breaks == "link-connect":
            raise StepFailed("no way to the target", code="transfer-failed")
        return there

    def _moved(
        self, workload: Workload, there: Any, armed: Armed, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        journal, seen = self._job(params), self._frozen(workload, params)
        try:
            self._sent(there, params, seen)
        except (StepFailed, HostSessionLost) as error:
            armed.release()  # the target sees its link break
            self._back(workload, params, error)
            raise
        journal["asked"] = True
        answer = self._asked(workload, there, armed, params)
        self.handing[params["job"]].set()
        journal["restored"] = True
        seen |= {"restored": answer, "resumed_ns": self._now_ns(), "answered_ns": self._now_ns()}
        if params["lazy"]:
            seen["pages"] = self._pages(armed, answer, params)
            journal["pages_done"] = True
        armed.end(**answer)
        return seen

    def _frozen(self, workload: Workload, params: Mapping[str, Any]) -> dict[str, Any]:
        """Stopped and dumped; what is known of that."""
        freeze = self._takes(STOPPED)
        workload.state = "frozen" if params["kind"] == "container" else "stopped"
        workload.print(range(len(workload.printed), len(workload.printed) + 1), self.wall_ns())
        if params["kind"] == "process":
            held = {"source_pids": [params["pid"]], "output_size": len(workload.printed)}
            self._job(params).update(held)
        dump = self._takes(STOPPED)
        moments = {"go": freeze["end_ns"], "pre-dump": dump["start_ns"] + 1_000_000}
        return {
            "start_ns": freeze["start_ns"],
            "freeze_ns": freeze["start_ns"],
            "frozen_ns": freeze["end_ns"],
            "complete_ns": dump["end_ns"],
            "first_ns": dump["end_ns"],
            "bytes": IMAGE_BYTES,
            "image_bytes": IMAGE_BYTES,
            "output_size": len(workload.printed),
            "moments": moments,
            "stats": {"frozen_time_us": 9_000, "pages_written": 2, "pages_lazy": 7},
            "log": "",
        }

    def _sent(self, there: Any, params: Mapping[str, Any], seen: dict[str, Any]) -> None:
        if self.pair.breaks == "criu-dump":
            raise StepFailed("it cannot be dumped here", code="dump-failed")
        if self.pair.breaks == "source-frozen":
            raise HostSessionLost("the program on the source was killed")
        if self.pair.breaks == "link-stream":
            raise StepFailed("the way to the target broke", code="transfer-failed")
        there.files.update({path: list(self.files[path]) for path in params.get("files", [])})
        if params.get("trees"):
            self._arrives(params)
            seen["along"] = {**self._takes(1), "bytes": 10, **self._told(params, 1, 10)}
        seen["asked_ns"] = self._takes(SENT)["end_ns"]

    def _back(self, workload: Workload, params: Mapping[str, Any], error: EngineError) -> None:
        """Definitely not on the target; a program that was killed does not come to this."""
        if not isinstance(error, HostSessionLost):
            workload.state = "running"
            self._job(params)["asked"] = False

    def _asked(
        self, workload: Workload, there: Any, armed: Armed, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The target's two answers, or why they did not come."""
        breaks = self.pair.breaks
        silent = StepFailed("the target was asked and did not answer", code="target-silent")
        if breaks == "link-ask":
            armed.release()
            raise silent
        if not armed.claim():
            raise silent
        if breaks == "target-asked":
            armed.end(HostSessionLost("the program on the target was killed"))
            raise silent
        try:
            answer = there._restore_armed(armed, params, len(workload.printed))
        except StepFailed as refused:
            there.processes.pop(params.get("pid"), None)
            armed.end(refused)
            self._back(workload, params, refused)
            raise
        if breaks in ("link-answer", "link-second", "source-asked"):
            armed.end(**answer)
            raise HostSessionLost("killed") if breaks == "source-asked" else silent
        return dict(answer)

    def _pages(
        self, armed: Armed, answer: dict[str, Any], params: Mapping[str, Any]
    ) -> dict[str, Any]:
        breaks = self.pair.breaks or ""
        took = self._takes(PAGES)
        if breaks == "link-last":
            self.pair.target._job(params)["pages_done"] = True
            armed.end(**answer)
            raise StepFailed("the last answer did not come", code="pages-lost")
        if breaks.endswith("-pages"):
            lost = StepFailed("the pages did not all arrive", code="pages-lost")
            killed = HostSessionLost("the program was killed")
            armed.end(killed if breaks.startswith("target") else lost)
            raise killed if breaks.startswith("source") else lost
        return {"end_ns": took["end_ns"], "bytes": 7 * 4096}

    def _hand_over_wait(self, params: Mapping[str, Any]) -> dict[str, Any]:
        resumed = self.handing.get(params["job"])
        if resumed is None:
            raise NotPossible("no hand-over of this job is under way here", code="bad-request")
        self._wait(resumed)
        return {"pages_bytes": 4096, "resumed": resumed.is_set()}

    def _hand_over_frozen(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"frozen": self._container(params).state == "frozen"}

    def _hand_over_thaw(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = self._container(params)
        frozen = container.state == "frozen"
        if frozen:
            container.state = "running"
        return {"thawed": frozen}
