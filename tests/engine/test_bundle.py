"""The program that goes to the hosts: the same bytes for the same sources."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from migrations_app.engine.hosts.bundle import Bundle, bundle

SHOW_MODULES = """
import runpy, sys
sys.argv = [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name="__main__")
import sys
print(*sorted(sys.modules), file=sys.stderr)
"""


def packed(program: Bundle) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(program.data)).namelist()


def test_same_sources_give_the_same_bytes_and_the_same_name():
    first = bundle()
    bundle.cache_clear()
    assert bundle() == first and first.name.endswith(".pyz")


def test_nothing_of_the_controller_is_in_it():
    names = packed(bundle())
    folders = {name.split("/")[1] for name in names if name.count("/") > 1}
    assert folders == {"hostside", "tools"}
    text = b"".join(zipfile.ZipFile(io.BytesIO(bundle().data)).read(name) for name in names)
    assert b"import paramiko" not in text and b"import django" not in text


def test_it_runs_alone_with_the_standard_library_only(tmp_path: Path):
    program = tmp_path / bundle().name
    program.write_bytes(bundle().data)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-S", "-c", SHOW_MODULES, str(program)],
        input='{"id": 1, "verb": "hello"}\n',
        capture_output=True,
        text=True,
        timeout=20,
        cwd=tmp_path,
    )
    assert '"root":' in done.stdout, done.stderr
    modules = done.stderr.splitlines()[-1].split()
    roots = {name.partition(".")[0] for name in modules}
    allowed = set(sys.stdlib_module_names) | {"engine", "__main__", "__mp_main__"}
    assert not {root for root in roots if not root.startswith("_")} - allowed
    assert "engine" in roots and not roots & {"paramiko", "django", "migrations_app"}
