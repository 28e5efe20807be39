"""A bare Debian 13 is added in the browser, prepared by the site, and the counter comes to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from migrations_app import lab
from migrations_app.lab import instance, machine
from migrations_app.lab.bare import NEWER_SOURCE, USER
from tests.browser.chromium import launched

from .conftest import said

pytestmark = [pytest.mark.integration, pytest.mark.browser, pytest.mark.slow]

# Read by the site that is started for these tests.
os.environ["MIGRATION_LAB_CRIU_ARCHIVE"] = NEWER_SOURCE
PICTURES = os.environ.get("MIGRATION_LAB_PICTURES")  # a folder: then pictures are taken
LOOKS = [("en", "en"), ("zh", "zh-hans")]
NAME, COUNTER = "vm-1", "traveller"
PASSWORD = "only-for-this-test"
STEP_MS, SOON_MS = 240_000, 60_000


@dataclass(frozen=True)
class Console:
    """The bare machine, as somebody who sits before it has it."""

    host: lab.LabHost
    argv: list[str]

    def run(self, script: str, *, check: bool = True) -> str:
        argv = [*self.argv, "-o", "BatchMode=yes", "bash -s"]
        done = subprocess.run(
            argv, input=script, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def console(lab_config, real_site) -> Iterator[Console]:
    config = replace(lab_config, bare=1)
    lab.up(config, said)
    place = config.place_named("bare-z")
    subnet = instance._kept_subnet(config)
    assert subnet is not None
    yield Console(instance._lab_host(config, place, subnet), lab.shell_argv(config, place.name))
    machine.stop(config, place)
    shutil.rmtree(place.folder)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(real_site, chromium) -> Iterator[Page]:
    page = chromium.new_page(base_url=real_site.url)
    page.goto("/login/")
    page.fill("#id_username", real_site.username)
    page.fill("#id_password", real_site.password)
    page.click("[data-testid=login]")
    page.wait_for_selector("#strip", state="attached")
    yield page
    page.close()


def picture(page: Page, name: str) -> None:
    """What a person sees, in both languages, wide and on a telephone."""
    if not PICTURES:
        return
    before = page.viewport_size
    for short, language in LOOKS:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
        page.reload()
        for size, width in (("wide", 1280), ("360", 360)):
            page.set_viewport_size({"width": width, "height": 800})
            target = Path(PICTURES) / f"real-host-{name}-{size}-{short}.png"
            page.screenshot(path=target, full_page=True)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": page.url}])
    page.reload()
    if before:
        page.set_viewport_size(before)


def begin(page: Page, name: str, address: str, user: str) -> None:
    page.goto("/hosts/add/")
    for field, value in (("name", name), ("address", address), ("user", user)):
        page.fill(f"[name={field}]", value)
    page.click("[data-testid=host-form] button")
    page.wait_for_selector("[data-testid=fingerprint]", timeout=SOON_MS)


def look(page: Page) -> None:
    page.click("[data-testid=look]")
    looking = "[data-testid=checks] [data-state=looking]"
    page.wait_for_selector(looking, state="detached", timeout=SOON_MS)


def state_of(page: Page, row: str) -> str | None:
    return page.get_attribute(f"[data-row={row}]", "data-state")


def run_ticked(page: Page) -> None:
    """Says yes, and follows the page to the end of all steps."""
    page.click("[data-testid=run-plan]")
    page.wait_for_selector("[data-testid=plan][data-busy=no]", timeout=STEP_MS)
    assert page.locator("[data-testid=plan] [data-state=failed]").count() == 0, page.inner_text(
        "main"
    )


def wait_until_offered(page: Page, step: str) -> None:
    """The check that follows a preparation finds what is there now, and the plan with it."""
    for _attempt in range(SOON_MS // 1000):
        if page.locator(f"[data-step={step}] input[type=checkbox]:enabled").count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    pytest.fail(page.inner_text("main"))


def test_a_bare_machine_is_added_by_pasting_one_block(page, console):
    begin(page, NAME, console.host.address, "root")
    fingerprint = page.inner_text("[data-testid=fingerprint]")
    assert fingerprint in console.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
    picture(page, "key")
    page.click("[data-testid=confirm]")
    look(page)
    assert state_of(page, "lets-in") == "fail"
    console.run(page.inner_text("[data-testid=block]"))
    picture(page, "let-in")
    look(page)
    assert [state_of(page, row) for row in ("answers", "key", "lets-in", "program")] == ["ok"] * 4
    assert (state_of(page, "criu"), state_of(page, "docker")) == ("fail", "fail")
    picture(page, "checks")


def test_the_site_prepares_it(page, console):
    page.goto("/hosts/")
    page.click(f"main a.row-link >> text={NAME}")
    page.click("[data-testid=plan]")
    run_ticked(page)
    wait_until_offered(page, "docker")
    picture(page, "plan")
    run_ticked(page)
    wait_until_offered(page, "self-test")
    wait_until_offered(page, "experimental")
    run_ticked(page)
    picture(page, "prepared")
    assert "went on to" in page.inner_html("[data-step=self-test]")
    assert console.run("ls /etc/apt/sources.list.d") == ""


def test_the_counter_migrates_to_it_and_counts_on(page, real_site):
    page.goto("/workloads/new/?type=counter")
    page.fill("[name=name]", COUNTER)
    page.select_option("[name=host]", label="lab-a")
    page.fill("[name=parameter-interval_ms]", "100")
    page.click("[data-testid=workload-form] button")
    reload_until(page, ".page-head [data-state=running]")
    page.goto("/workloads/")
    page.click(f"[data-testid=workloads] tr:has-text('{COUNTER}') >> text=Launch")
    reload_until(page, f"[data-testid=step-migrate-{NAME}]:enabled")
    page.check(f"[data-testid=step-migrate-{NAME}]")
    page.click("[data-testid=launch]")
    page.wait_for_selector("[data-testid=job][data-running=no]", timeout=STEP_MS)
    assert page.get_attribute("[data-testid=job]", "data-status") == "succeeded", page.inner_text(
        "main"
    )
    assert page.locator("[data-testid=proof] [data-state=passed]").count() == 1
    picture(page, "migrated")


def reload_until(page: Page, selector: str) -> None:
    for _attempt in range(SOON_MS // 1000):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    pytest.fail(page.inner_text("main"))


def test_a_user_who_is_not_root_gets_in_by_a_password_and_needs_one_line_for_sudo(page, console):
    console.run(f"echo {USER}:{PASSWORD} | chpasswd")
    begin(page, "vm-student", console.host.address, USER)
    page.click("[data-testid=confirm]")
    page.click("details summary")
    page.fill("[name=password]", "wrong")
    page.click("[data-testid=password-form] button")
    page.wait_for_selector("[data-testid=refused]")
    page.fill("[name=password]", PASSWORD)
    page.click("[data-testid=password-form] button")
    page.wait_for_selector("[data-testid=message].tone-ok")
    look(page)
    assert (state_of(page, "lets-in"), state_of(page, "program")) == ("ok", "fail")
    assert "sudo" in page.inner_text("[data-row=program]")
    line = page.inner_text("[data-testid=block]").strip().splitlines()[-1]
    assert line.startswith("echo ") and USER in line
    console.run(line)
    console.run(f"visudo --check --file /etc/sudoers.d/migration-lab-{USER}")
    look(page)
    assert state_of(page, "program") == "ok"
    assert state_of(page, "criu") == "ok"


class TestBadInput:
    """On the machine that the tests before have prepared."""

    def prepare(self, site, *steps: str) -> dict[str, list[str]]:
        """Runs steps as the command line does; by step its state and the code of its failure."""
        return dict(
            site.ask(
                f"""
from migrations_app.services import carrying_out, preparing
host = Host.objects.get(name={NAME!r})
preparing.ask_for_steps(host=host, names={steps!r}, agreed=None, user=None)
import time
deadline = time.monotonic() + 120
rows = PreparationStep.objects.filter(host=host, name__in={steps!r})
while rows.filter(state__in=PreparationStep.OPEN).exists() and time.monotonic() < deadline:
    time.sleep(0.3)
answer = [[row.name, [row.state, row.error_code]] for row in rows]"""
            )
        )

    def test_what_stands_in_daemon_json_is_kept(self, real_site, console):
        console.run(
            """echo '{"log-level": "warn"}' > /etc/docker/daemon.json; systemctl restart docker"""
        )
        found = self.prepare(real_site, "experimental", "runtime")
        assert {state for state, _ in found.values()} == {"done"}, found
        config = console.run("cat /etc/docker/daemon.json")
        assert '"log-level": "warn"' in config and '"experimental": true' in config
        assert "migration-lab" in console.run("docker info --format '{{json .Runtimes}}'")

    def test_a_daemon_json_that_is_no_json_is_said_and_left_alone(self, real_site, console):
        console.run("cp /etc/docker/daemon.json /root/good; echo '{' > /etc/docker/daemon.json")
        found = self.prepare(real_site, "experimental")
        assert found["experimental"] == ["failed", "docker-config-unreadable"]
        assert console.run("cat /etc/docker/daemon.json") == "{\n"
        console.run("cp /root/good /etc/docker/daemon.json")

    def test_apt_locked_by_another_process_is_said(self, real_site, console):
        hold = (
            "import fcntl,time; f=open('/var/lib/apt/lists/lock','w');"
            "fcntl.lockf(f,2); time.sleep(40)"
        )
        console.run(f'nohup python3 -c "{hold}" >/dev/null 2>&1 & echo $! > /root/holder; sleep 1')
        found = self.prepare(real_site, "update", "kernel")
        console.run('kill "$(cat /root/holder)"')
        assert found == {"update": ["failed", "apt-locked"], "kernel": ["held", ""]}

    def take_back(self, site, step: str) -> list[str]:
        """Has a step taken back; [] when it was, else its state and the code of the failure."""
        return list(
            site.ask(
                f"""
from migrations_app.services import preparing
host = Host.objects.get(name={NAME!r})
preparing.ask_to_undo(host=host, name={step!r}, user=None)
import time
deadline = time.monotonic() + 120
rows = PreparationStep.objects.filter(host=host, name={step!r})
while rows.filter(state__in=PreparationStep.OPEN).exists() and time.monotonic() < deadline:
    time.sleep(0.3)
answer = [field for row in rows for field in (row.state, row.error_code)]"""
            )
        )

    def test_what_was_prepared_is_taken_back_and_the_rest_stays(self, real_site, console):
        """The counter that has come here has our runtime, so that one stays until it is gone."""
        found = self.prepare(real_site, "experimental", "runtime", "kernel")
        assert {state for state, _ in found.values()} == {"done"}, found
        assert self.take_back(real_site, "runtime") == ["failed", "runtime-in-use"]
        console.run("docker rm --force $(docker ps --all --quiet)")
        assert self.take_back(real_site, "runtime") == []
        assert "migration-lab" not in console.run("docker info --format '{{json .Runtimes}}'")
        assert self.take_back(real_site, "experimental") == []
        assert console.run("docker version --format '{{.Server.Experimental}}'") == "false\n"
        assert json.loads(console.run("cat /etc/docker/daemon.json")) == {"log-level": "warn"}
        assert self.take_back(real_site, "kernel") == []
        assert "migration-lab" not in console.run("ls /etc/sysctl.d")

    def test_all_of_it_stands_in_the_audit_log(self, real_site):
        acts = real_site.ask("answer = list(AuditEntry.objects.values_list('what', 'outcome'))")
        for what, outcome in (
            ("host-added", "done"),
            ("key-installed", "failed"),
            ("key-installed", "done"),
            ("prepared", "done"),
            ("prepared", "failed"),
            ("preparing-undone", "done"),
        ):
            assert [what, outcome] in acts
