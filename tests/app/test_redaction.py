"""What is shared names no host, address, person or path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrations_app import results
from migrations_app.exports.redaction import LEFT_OUT, Names, letters, redacted
from migrations_app.exports.scrub import Scrubber

from .documents import document, run

HOSTS = {"lab-a": "host-A", "lab-b": "host-B", "10.9.0.1": "host-A", "pc": "host-C"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("lab-b: no answer within 30 s", "host-B: no answer within 30 s"),
        ("LAB-A and mylab-ab", "host-A and myhost-Ab"),
        ("pc did; upcast stays", "host-C did; upcast stays"),
        ("zhang ran it on linux", "PERSON ran it on linux"),
        ("由李雷在lab-a启动", "由PERSON在host-A启动"),
        ("dial 192.168.4.17:2375", "dial ADDRESS"),
        ("from 10.9.0.1 to 10.9.0.2/24", "from host-A to ADDRESS"),
        ("fe80::5054:ff:fe12:3456%eth0 port 22", "ADDRESS port 22"),
        ("listen [::1]:4000", "listen [ADDRESS]:4000"),
        ("at 12:30:45 on 6.12.48, 4.2.1", "at 12:30:45 on 6.12.48, 4.2.1"),
        ("52:54:00:12:34:56", "ADDRESS"),
        ("tcp://build.example.org:2375/x", "ADDRESS"),
        ("lookup node7.cs.example.edu: no such host", "lookup ADDRESS: no such host"),
        ("open /home/wang/x: denied", "open PATH: denied"),
        ("--images-dir=/dev/shm/x ~/y", "--images-dir=PATH PATH"),
        ("C:\\Users\\wang\\x", "PATH"),
        ("container 3f4e9ac01b22 died", "container ID died"),
        ("sha256:" + "ab" * 32, "sha256:ID"),
        ("SHA256:q3hJ0m5yq1Wl0rJ2kq8y3hJ0m5yq1Wl0rJ2kq8y3hJ0", "KEY"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ root@x", "KEY"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", "KEY"),
        ("wang@example.cn wrote", "ADDRESS wrote"),
        ("123e4567-e89b-12d3-a456-426614174000", "ID"),
        ("Error (criu/files.c:1): Can't dump", "Error (criu/files.c:1): Can't dump"),
    ],
)
def test_texts_are_scrubbed_by_name_and_by_shape(text, clean):
    scrub = Scrubber(HOSTS, ("zhang", "李雷", "lin"))
    assert scrub(text) == clean


def test_hosts_are_lettered_in_the_order_of_the_runs():
    told = redacted(document(run(source="b", target="a"), run(source="a", target="b")), Names())
    assert [(r["source"], r["target"]) for r in told["runs"]] == [
        ("host-A", "host-B"),
        ("host-B", "host-A"),
    ]
    assert [letters(place) for place in (0, 25, 26, 27, 701, 702)] == [
        *("A", "Z", "AA", "AB", "ZZ", "AAA")
    ]


def test_a_label_that_is_somebodys_name_is_not_given():
    told = redacted(document(run(source="HOST-A", target="x")), Names())
    assert [told["runs"][0]["source"], told["runs"][0]["target"]] == ["host-B", "host-C"]


def test_commands_keep_what_teaches_and_lose_what_tells():
    argv = [
        *("/usr/bin/docker", "create", "--name", "cr", "--env", "TOKEN=hunter2", "--label=a=b"),
        *("SECRET=1", "--runtime", "migration-lab", "busybox", "/bin/sh", "-c", "echo $i"),
    ]
    told = redacted(document(run(commands=[command(argv)])), Names())
    assert told["runs"][0]["commands"][0]["argv"] == [
        *("docker", "create", "--name", "cr", "--env", LEFT_OUT, f"--label={LEFT_OUT}"),
        *(f"SECRET={LEFT_OUT}", "--runtime", "migration-lab", "busybox", "PATH", "-c", "echo $i"),
    ]


def test_logs_are_left_out_and_codes_stay():
    told = redacted(
        document(run(logs=[{"text": "x"}], warnings=["answer-lost: pc-9 is off"])),
        Names(hosts=[["pc-9"]]),
    )
    assert told["redacted"] and told["runs"][0]["logs"] is None
    assert told["runs"][0]["warnings"] == ["answer-lost: host-C is off"]
    assert told["runs"][0]["strategy"] == "cold"


def test_a_host_called_like_a_key_or_a_code_breaks_nothing():
    whole = document(run(source="status", target="cold"))
    told = redacted(whole, Names(hosts=[["status"], ["cold"], ["job"]], people=["runs"]))
    assert set(told) == set(whole) and set(told["runs"][0]) == set(whole["runs"][0])
    assert told["runs"][0]["status"] == "succeeded"
    assert told["runs"][0]["strategy"] == "cold"


def command(argv: list[str]) -> dict[str, Any]:
    return {
        "host": "source",
        "phase": "dump",
        "argv": argv,
        "exit_status": 0,
        "start_ms": 1.0,
        "duration_ms": 2.0,
    }


# Begun with letters that are in no word of ours: what is found in the end was in the names.
NAMES = st.from_regex(r"[a-z0-9_.-]{0,8}[a-z0-9]", fullmatch=True).map("zq{}".format)
PEOPLE = st.text(st.characters(categories=("Ll", "Lo")), min_size=1, max_size=6).map("zq{}".format)
ADDRESSES = st.ip_addresses().map(str).filter(lambda text: len(text) > 4)


@settings(max_examples=60, deadline=None)
@given(
    host=NAMES,
    other=NAMES,
    person=PEOPLE,
    address=ADDRESSES,
    path=NAMES,
    frame=st.sampled_from(
        ["{}", "x {}", "({})", "'{}'", "{}:22", "a={}", "<{}>\n{}", "[{}]", "{}, {}"]
    ),
)
def test_nothing_that_names_a_host_or_a_person_comes_through(
    host, other, person, address, path, frame
):
    hostile = [
        frame.format(*[word] * frame.count("{}"))
        for word in (
            host,
            host.upper(),
            f"{other}.example.org",
            person,
            address,
            f"/home/{path}/x",
            f"{person}@{host}",
        )
    ]
    text = " ".join(hostile)
    whole = document(
        run(
            source=host,
            target=other,
            workload={"name": text, "type": text, "kind": text, "parameters": {text: text}},
            commands=[command([text, *hostile, f"--env={text}", f"{host}={address}"])],
            warnings=[text, f"answer-lost: {text}"],
            error={"code": text, "message": text, "log_excerpt": text},
            proof={"kind": text, "passed": True, "detail": text},
            environment={"source": results._facts({"kernel": text, "distribution": text})},
        ),
        title=text,
    )
    told = redacted(whole, Names(hosts=[[host], [other]], people=[person]))
    shown = json.dumps(told, ensure_ascii=False).lower()
    for secret in (host, other, person.lower(), address, f"/home/{path}"):
        assert secret.lower() not in shown.replace("host-", ""), secret
