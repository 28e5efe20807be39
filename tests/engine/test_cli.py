"""`python -m migrations_app.engine`: its usage, and that it needs nothing of the site."""

import subprocess
import sys

import pytest

from migrations_app.engine import Operation, WorkloadKind
from migrations_app.engine.__main__ import _plan, main, parser

MIGRATE = ["migrate", "--source", "root@10.0.0.1", "--identity", "id", "--known-hosts", "known"]
TO = ["--target", "root@10.0.0.2"]


def run_engine(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "migrations_app.engine", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_help_says_how_it_is_called():
    shown = run_engine("migrate", "--help")
    assert shown.returncode == 0
    for word in ("--source", "--container", "--pid", "--strategy", "--report"):
        assert word in shown.stdout


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["emigrate"],
        MIGRATE,
        [*MIGRATE, *TO],
        [*MIGRATE, "--container", "cr"],
        [*MIGRATE, *TO, "--container", "cr", "--pid", "7"],
        [*MIGRATE, *TO, "--pid", "seven"],
        [*MIGRATE, *TO, "--pid", "7", "--skip-check", "nonsense"],
        [*MIGRATE, *TO, "--container", "cr", "--strategy", "hot"],
        [*MIGRATE, *TO, "--container", "cr", "--operation", "teleport"],
    ],
)
def test_wrong_usage_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_host_without_a_pinned_key_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "known").touch()
    (tmp_path / "id").touch()
    argv = ["migrate", "--source", "root@10.0.0.1", "--target", "root@10.0.0.2"]
    argv += ["--identity", str(tmp_path / "id"), "--known-hosts", str(tmp_path / "known")]
    assert main([*argv, "--container", "cr"]) == 1
    assert capsys.readouterr().err.startswith("host-key-unknown: ")


def test_options_become_a_plan():
    plan = _plan(parser().parse_args([*MIGRATE, *TO, "--pid", "4711", "--plain"]))
    assert (plan.workload.kind, plan.workload.pid) == (WorkloadKind.PROCESS, 4711)
    assert plan.operation is Operation.MIGRATE and plan.encrypted is False
    other = _plan(parser().parse_args([*MIGRATE, "--container", "cr"]))
    assert other.workload.name == "cr" and other.job_id != plan.job_id


def test_engine_imports_nothing_of_the_site():
    code = "import sys, migrations_app.engine.__main__; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    roots = {name.partition(".")[0] for name in shown.stdout.split()}
    assert not roots & {"django", "celery", "redis", "plotly", "labsite"}
