"""The client and experiments: planned, launched, watched, exported, shared; and how it is built."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings as site_settings

from client import build
from migrations_app.models import Experiment, Share

from .experiment_rows import measured
from .makers import make_host
from .test_client import CLIENT, head, run
from .trial_work import make_experiment, two_hosts, work_off

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ("head", "run")  # fixtures
SMALL = (
    *("--workload", "memory:process", "--parameter", "memory_mib=1,2"),
    *("--strategy", "cold,pre-copy", "--trials", "1", "--seed", "7"),
)


@pytest.fixture
def pair():
    return two_hosts()


def between(pair):
    return ("--source", pair[0].name, "--target", pair[1].name)


def test_a_grid_of_options_is_planned_and_launches_nothing(run, pair):
    done = run("experiment", "plan", *SMALL, *between(pair))
    assert done.returncode == 0, done.stderr
    assert "4 jobs" in done.stdout and "not known of 4" in done.stdout
    assert not Experiment.objects.exists()


def test_a_grid_of_options_is_launched_watched_and_its_end_is_the_status(run, pair, engine, sent):
    made = run("--json", "experiment", "create", *SMALL, *between(pair), "--name", "mine")
    assert made.returncode == 0, made.stderr
    experiment = Experiment.objects.get(pk=json.loads(made.stdout)["id"])
    assert (experiment.name, experiment.seed, experiment.trials.count()) == ("mine", 7, 4)
    early = run("experiment", "watch", experiment.pk, "--limit", "0")
    assert early.returncode == 5 and "not ended in time" in early.stderr
    work_off(sent)
    watched = run("experiment", "watch", experiment.pk, LC_ALL="zh_CN.UTF-8")
    assert watched.returncode == 0 and "4 次试验中已完成 4 次" in watched.stdout


def test_a_grid_of_a_file_names_hosts_and_options_go_before_it(run, pair, tmp_path):
    names = [host.name for host in pair]
    grid = {
        "workloads": [{"type": "memory", "kind": "process", "parameters": {"memory_mib": 1}}],
        "strategies": ["cold"],
        "pairs": [names, [names[1], pair[0].pk]],
        "trials": 1,
    }
    file = tmp_path / "grid.json"
    file.write_text(json.dumps({"name": "of the file", "grid": grid}))
    done = run("experiment", "launch", file, "--name", "mine")
    assert done.returncode == 0, done.stderr
    experiment = Experiment.objects.get()
    a, b = (host.pk for host in pair)
    assert experiment.name == "mine" and experiment.grid["pairs"] == [[a, b], [b, a]]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"grid": 1}', '{"grid": {"pairs": 1}}'])
def test_a_file_that_is_no_grid_is_told(run, tmp_path, text):
    file = tmp_path / "grid.json"
    file.write_text(text)
    done = run("experiment", "launch", file)
    assert done.returncode == 2 and "The grid can't be read" in done.stderr


def test_what_is_missing_or_unknown_is_told(run, pair):
    assert "Give a file" in run("experiment", "plan").stderr
    unknown = run("experiment", "plan", *SMALL, "--source", "nowhere", "--target", pair[1].name)
    assert unknown.returncode == 2 and "no host called nowhere" in unknown.stderr
    wrong = run("experiment", "plan", *SMALL, *between(pair), "--strategy", "warp")
    assert wrong.returncode == 2 and "unknown-strategy" in wrong.stderr


def test_one_is_paused_gone_on_with_extended_and_cancelled(run, sent):
    pk = make_experiment().pk
    for action, status in (("pause", "paused"), ("resume", "running")):
        assert status in run("experiment", action, pk).stdout
    assert "0 of 6 trials" in run("experiment", "add", pk, 1).stdout
    assert "cancelled" in run("experiment", "cancel", pk).stdout
    assert run("experiment", "watch", pk).returncode == 3
    refused = run("experiment", "rerun", pk)
    assert refused.returncode == 2 and "nothing-failed" in refused.stderr


def test_results_exports_and_links(run, head, client, tmp_path):
    experiment = measured([make_host("lab-a"), make_host("lab-b")], owner=head)
    assert f"{experiment.pk}" in run("experiment", "list").stdout
    assert "1 failed" in run("experiment", "show", experiment.pk).stdout
    assert run("experiment", "watch", experiment.pk).returncode == 1  # a trial has failed
    table = run("experiment", "results", experiment.pk).stdout
    assert "pre-copy memory container memory_mib=64" in table and "control" in table
    file = tmp_path / "x.ipynb"
    assert (
        run("experiment", "export", experiment.pk, "--format", "notebook", "--to", file).returncode
        == 0
    )
    assert json.loads(file.read_text())["nbformat"] == 4
    cells = run("experiment", "export", experiment.pk, "--format", "csv", "--table", "cells")
    assert cells.stdout.startswith("role,cell,")
    made = run("share", "create", "--experiment", experiment.pk, "--days", 7)
    path = made.stdout.strip().partition("//")[2].partition("/")[2]
    assert client.get(f"/{path}").status_code == 200
    share = Share.objects.get()
    assert path in run("share", "list").stdout
    assert "leads nowhere" in run("share", "revoke", share.pk).stdout
    assert client.get(f"/{path}").status_code == 404


# --- how it is built ----------------------------------------------------------------------------
def test_the_file_to_download_is_made_of_its_parts():
    assert CLIENT.read_text() == build.built(), "run scripts/client"


def test_no_name_stands_in_two_parts():
    names = Counter(
        node.name
        for part in build.PARTS
        for node in ast.parse((build.HERE / f"{part}.py").read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_it_needs_nothing_but_the_standard_library_and_python_3_9():
    tree = ast.parse(CLIENT.read_text(), feature_version=(3, 9))
    modules = {
        (node.module if isinstance(node, ast.ImportFrom) else name.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert modules <= sys.stdlib_module_names


def test_every_sentence_of_it_has_its_chinese():
    text = CLIENT.read_text()
    said = set(re.findall(r"\bsay\(\s*\"([^\"]+)\"", text))
    names = {"CHINESE": None}
    exec((build.HERE / "words.py").read_text(), names)
    chinese = names["CHINESE"]
    assert isinstance(chinese, dict) and said - set(chinese) == set()


def test_every_command_of_experiments_is_explained():
    page = Path(site_settings.BASE_DIR / "docs" / "client.md").read_text()
    told = set(re.findall(r"^\| `experiment (\w+)` \|", page, re.MULTILINE))
    argv = [sys.executable, CLIENT, "experiment", "--help"]
    helped = subprocess.run(argv, capture_output=True, text=True)
    there = set(re.search(r"\{([\w,]+)\}", helped.stdout)[1].split(","))
    assert told | {"create"} == there
