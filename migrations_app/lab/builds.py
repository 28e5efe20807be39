"""The workload programs, compiled once per source text and kept in the shared cache."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from .commands import run
from .config import LabConfig

SOURCE = Path(__file__).parent / "programs" / "memory.c"
MEMORY_PROGRAM = "migration-lab-memory"
# Static, so that it runs on every host and alone in an image.
COMPILER = ("gcc", "-O2", "-static", "-Wall", "-Wextra")


def compile_argv(source: Path, program: Path) -> list[str]:
    return [*COMPILER, "-o", str(program), str(source)]


def memory_program(config: LabConfig) -> Path:
    """The compiled memory workload; compiles it when its text is new.

    Raises LabNotPossible without a compiler, LabCommandFailed when it refuses the text.
    """
    digest = hashlib.sha256(SOURCE.read_bytes() + "\0".join(COMPILER).encode()).hexdigest()[:16]
    program = config.cache_root / "programs" / digest / MEMORY_PROGRAM
    if not program.exists():
        compile_program(SOURCE, program)
    return program


def compile_program(source: Path, program: Path) -> None:
    """Compiles one C file; the program appears whole or not at all."""
    program.parent.mkdir(parents=True, exist_ok=True)
    new = program.with_name(f"{program.name}.{os.getpid()}")
    run(compile_argv(source, new), timeout_s=60)
    new.replace(program)
