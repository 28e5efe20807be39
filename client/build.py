"""Makes one file of the parts: their imports together on top, then part after part."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE.parent / "static" / "client" / "migration-lab.py"
PARTS = ("words", "site", "telling", "jobs", "experiments", "shares", "command_line")
HEAD = '''#!/usr/bin/env python3
"""Migration Lab on the command line: launch, watch, wait, list, export. Standard library only.

Where the site is and the token come from MIGRATION_LAB_URL and MIGRATION_LAB_TOKEN, or from
~/.config/migration-lab/client.json, which `login` writes for its owner alone.
"""

from __future__ import annotations
'''
FOOT = '\n\nif __name__ == "__main__":\n    sys.exit(main())\n'


def built() -> str:
    """The whole file."""
    trees = {name: ast.parse(_text(name)) for name in PARTS}
    imports = {line for tree in trees.values() for line in _imports(tree)}
    plain = sorted(line for line in imports if line.startswith("import"))
    chosen = sorted(line for line in imports if line.startswith("from"))
    parts = [_part(name, tree) for name, tree in trees.items()]
    return "\n".join([HEAD, *plain, *chosen]) + "\n" + "".join(parts) + FOOT


def _text(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")


def _imports(tree: ast.Module) -> list[str]:
    """One line for each name, without those of other parts."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [f"import {name.name}" for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            found += [f"from {node.module} import {name.name}" for name in node.names]
    return found


def _part(name: str, tree: ast.Module) -> str:
    """Everything below the docstring and the imports, with the docstring as a heading."""
    title = str(ast.get_docstring(tree)).partition("\n")[0]
    first = next(node for node in tree.body[1:] if not _is_import(node))
    lines = _text(name).splitlines()[tree.body[tree.body.index(first) - 1].end_lineno :]
    return f"\n\n# --- {title} ---\n" + "\n".join(lines).strip("\n") + "\n"


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(BUILT.read_text(encoding="utf-8") != built())
    BUILT.write_text(built(), encoding="utf-8")
