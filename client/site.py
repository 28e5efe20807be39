"""Where the site is, as whom, and its API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib import error, request

from .words import API, NO_ANSWER, TIMEOUT_S, VERSION, WRONG, Trouble, is_chinese, say


def config_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "migration-lab" / "client.json"


def read_config() -> dict[str, str]:
    path = config_path()
    if not path.exists():
        return {}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Trouble(say("{path} can be read by others: chmod 600 {path}", path=path))
    return json.loads(path.read_text(encoding="utf-8"))


def write_config(values: dict[str, str]) -> None:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)


class Site:
    """Calls of the API."""

    def __init__(self, url: str, token: str) -> None:
        self.base = url.rstrip("/") + API
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Accept-Language": "zh-hans" if is_chinese() else "en",
            "User-Agent": f"migration-lab-client/{VERSION}",
        }

    def open(
        self, method: str, path: str, body: Any = None, timeout: float = TIMEOUT_S, **headers: str
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        asked = request.Request(self.base + path, data, {**self.headers, **headers}, method=method)
        try:
            return request.urlopen(asked, timeout=timeout)
        except error.HTTPError as answer:
            raise _problem(answer) from answer
        except (error.URLError, TimeoutError, ConnectionError) as reason:
            raise Trouble(
                say("The site does not answer: {reason}", reason=reason), NO_ANSWER
            ) from reason

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        with self.open(method, path, body, **headers) as answer:
            text = answer.read()
        try:
            return json.loads(text)
        except ValueError as wrong:
            raise Trouble(say("This is not an answer of Migration Lab.")) from wrong

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        mark, before = "&" if "?" in path else "?", ""
        while True:
            page = self.ask("GET", f"{path}{mark}limit=100{before}")
            yield from page["items"]
            if page["next"] is None:
                return
            before = f"&before={page['next']}"

    def named(self, what: str, name: str) -> int:
        """The id of a host or workload, by its name or its id."""
        for item in self.all(f"/{what}s"):
            if name in (item["name"], str(item["id"])):
                return int(item["id"])
        raise Trouble(say("There is no {what} called {name}.", what=say(what), name=name))


def _problem(answer: error.HTTPError) -> Trouble:
    try:
        told = json.loads(answer.read())
        lines = [f"{told['title']} ({told['code']})", told.get("detail", ""), told.get("todo", "")]
        lines += [f"{'.'.join(one['where'])}: {one['message']}" for one in told.get("errors") or ()]
    except (ValueError, KeyError, TypeError):
        return Trouble(f"HTTP {answer.code}", NO_ANSWER if answer.code >= 500 else WRONG)
    return Trouble("\n".join(line for line in lines if line), WRONG)


def site() -> Site:
    kept = read_config()
    url = os.environ.get("MIGRATION_LAB_URL") or kept.get("url")
    token = os.environ.get("MIGRATION_LAB_TOKEN") or kept.get("token")
    if not url:
        raise Trouble(say("There is no address: run “login”, or set MIGRATION_LAB_URL."))
    if not token:
        raise Trouble(say("There is no token: run “login”, or set MIGRATION_LAB_TOKEN."))
    return Site(url, token)
