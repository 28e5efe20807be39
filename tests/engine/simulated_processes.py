"""The verbs for bare processes of a simulated host; see pair.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrations_app.engine.errors import NotPossible, StepFailed

from .simulated import NOTHING_HELD, NOTHING_LACKING, OUTPUT, PROGRAM, Workload


class Processes:
    def _workload_look(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing to stumble over, but for what a test has put into `holds`."""
        if params["kind"] == "process" and params["pid"] not in self.processes:
            raise NotPossible(f"there is no process {params['pid']}", code="workload-absent")
        if params["kind"] == "container" and params["name"] not in self.containers:
            raise NotPossible(f"there is no container {params['name']}", code="workload-absent")
        return {**NOTHING_HELD, "pids": [params.get("pid", 1)], **self.holds}

    def _target_look(self, params: Mapping[str, Any]) -> dict[str, Any]:
        mounts = dict.fromkeys(params["mounts"], True)
        taken = [int(pid) for pid in params["pids"] if int(pid) in self.processes]
        return {**NOTHING_LACKING, "mounts_there": mounts, "pids_taken": taken, **self.has}

    def _process_inspect(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["pid"] not in self.processes:
            raise NotPossible(f"there is no process {params['pid']}", code="workload-absent")
        held = {"files": [OUTPUT], "mapped": {PROGRAM: 1000}, "output": OUTPUT}
        return {
            "pids": [params["pid"]],
            "terminal": False,
            "memory_bytes": 1 << 20,
            "huge_bytes": 0,
            **held,
        }

    def _files_facts(self, params: Mapping[str, Any]) -> dict[str, Any]:
        sizes = {path: len(self.files[path]) for path in params["files"] if path in self.files}
        sizes = dict.fromkeys(params["files"]) | sizes
        taken = [int(pid) for pid in params["pids"] if int(pid) in self.processes]
        return {"sizes": {**sizes, PROGRAM: 1000}, "pids_taken": taken}

    def _process_dump(self, params: Mapping[str, Any]) -> dict[str, Any]:
        process = self.processes[params["pid"]]
        held = {"files": [OUTPUT], "mapped": [PROGRAM], "output": OUTPUT}
        self._job(params).update(source_pids=[params["pid"]], **held)
        seen = self._dumped(process, params)
        process.state = "stopped"
        return {**seen, "output_size": len(process.printed), "pids": [params["pid"]]}

    def _process_restore(self, params: Mapping[str, Any]) -> dict[str, Any]:
        (pid,) = map(int, params["pids"])
        if pid in self.processes:
            raise StepFailed(f"Can't fork for {pid}: File exists", code="restore-failed")
        self._job(params)["target_pids"] = [pid]
        self.processes[pid] = Workload("running", self.files[OUTPUT])
        seen = self._restored(self.processes[pid], params)
        self._job(params)["restored"] = pid
        return {**seen, "pid": pid}

    def _process_settle_in(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def _process_restored(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.finish("_restore")
        journal = self._job(params)
        return {"pid": journal.get("restored"), "known": "target_pids" in journal}

    def _process_state(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = self.processes.get(params["pid"])
        if found and params.get("output", [OUTPUT]) != [OUTPUT]:
            found = None  # the pid is somebody else's by now
        return {"state": found.state if found else "absent", "start_ticks": None}

    def _process_discard(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._pending.pop("process_restore", None)
        return self._end(self._job(params).get("target_pids", []))

    def _process_kill(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._end(self._job(params).get("source_pids", []))

    def _end(self, pids: list[int]) -> dict[str, Any]:
        for pid in pids:
            self.processes.pop(pid, None)
        return {"pids": pids}

    def _process_thaw(self, params: Mapping[str, Any]) -> dict[str, Any]:
        journal = self._job(params)
        root = [journal["source_pid"]] if journal.get("source_pid") else []
        for pid in journal.get("source_pids", root):
            self.processes[pid].state = "running"
        return {}

    def _process_forget(self, params: Mapping[str, Any]) -> dict[str, Any]:
        for path in params["files"]:
            self.files.pop(path, None)
        return {"removed": params["files"]}

    def _process_tail(self, params: Mapping[str, Any]) -> dict[str, Any]:
        part = self.files[OUTPUT][params.get("start") or 0 : params.get("end")]
        lines = params["lines"]
        part = part[:lines] if params.get("first") else part[-lines:]
        return {"lines": [_stamped(*line) for line in part]}

    def _process_signal(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._check_memory(self.files[OUTPUT])
        return {}


def _stamped(text: str, wall_ns: int) -> str:
    """As the memory program writes it: its own time after a number, nothing after a check."""
    return f"{text} {wall_ns}" if text.isdigit() else text
