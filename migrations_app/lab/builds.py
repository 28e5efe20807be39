"""The workload programs, each compiled once per source text and kept in the shared cache.

Every C file in programs/ is one; `memory.c` becomes `migration-lab-memory`. Headers beside them
are shared.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from .commands import run
from .config import LabConfig

FOLDER = Path(__file__).parent / "programs"
SOURCE = FOLDER / "memory.c"
PREFIX = "migration-lab-"
# Static, so that it runs on every host and alone in an image.
COMPILER = ("gcc", "-O2", "-static", "-Wall", "-Wextra")
LIBRARIES = ("-lpthread",)


def compile_argv(source: Path, program: Path) -> list[str]:
    return [*COMPILER, "-o", str(program), str(source), *LIBRARIES]


def sources() -> list[Path]:
    return sorted(FOLDER.glob("*.c"))


def programs(config: LabConfig) -> list[Path]:
    """The compiled workloads, by the order of their names; compiles those whose text is new.

    Raises LabNotPossible without a compiler, LabCommandFailed when it refuses a text.
    """
    return [_program(config, source) for source in sources()]


def _program(config: LabConfig, source: Path) -> Path:
    folder = config.cache_root / "programs" / _digest(source)
    program = folder / f"{PREFIX}{source.stem}"
    if not program.exists():
        compile_program(source, program)
    return program


def _digest(source: Path) -> str:
    texts = [source, *sorted(source.parent.glob("*.h"))]
    parts = [path.read_bytes() for path in texts]
    call = repr(compile_argv(Path(source.name), Path())).encode()
    return hashlib.sha256(b"\0".join([*parts, call])).hexdigest()[:16]


def compile_program(source: Path, program: Path) -> None:
    """Compiles one C file; the program appears whole or not at all."""
    program.parent.mkdir(parents=True, exist_ok=True)
    new = program.with_name(f"{program.name}.{os.getpid()}")
    run(compile_argv(source, new), timeout_s=60)
    new.replace(program)
