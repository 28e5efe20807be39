"""How a host lets the site in: the lines for its authorized_keys and sudoers, and what to paste."""

from __future__ import annotations

import re
import shlex

from ..errors import NotPossible

FOLDER = ".migration-lab"  # below the user's home
HELPER = f"{FOLDER}/helper.py"
PYTHON = "/usr/bin/python3"
SUDOERS = "/etc/sudoers.d/migration-lab"
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
PUBLIC_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}={0,2}( [A-Za-z0-9.@_-]{1,60})?")


def helper_argv() -> list[str]:
    """How a user who is not root starts the helper; sudo may not ask for a password."""
    return ["sudo", "-n", PYTHON, "-I", "-B", HELPER]


def authorized_keys_line(public_key: str) -> str:
    """Lets the key in for programs and files: no terminal, no forwarding, no agent.

    Raises NotPossible with code `bad-request` for what is not one ed25519 key on one line.
    """
    if not PUBLIC_KEY.fullmatch(public_key):
        raise NotPossible("not an ed25519 public key on one line", code="bad-request")
    return f"restrict {public_key}"


def sudoers_line(user: str) -> str:
    """Lets the user start the helper as root, and nothing else. Raises NotPossible."""
    if not USER.fullmatch(user):
        raise NotPossible("not the name of a user", code="bad-request")
    command = " ".join([PYTHON, "-I", "-B", HELPER])
    return f"{user} ALL=(root) NOPASSWD: {command}"


def block(user: str, public_key: str) -> str:
    """What a person pastes into a shell of that user, once; pasting it again does no harm.

    It is shown, never run from here. Another user than root is asked for a password by sudo.
    """
    line = shlex.quote(authorized_keys_line(public_key))
    commands = [
        "mkdir -p -m 700 ~/.ssh",
        f"grep -qxF {line} ~/.ssh/authorized_keys 2>/dev/null ||"
        f" echo {line} >> ~/.ssh/authorized_keys",
        "chmod 600 ~/.ssh/authorized_keys",
    ]
    if user != "root":
        allowed = shlex.quote(sudoers_line(user))
        commands.append(
            f"echo {allowed} | sudo tee {SUDOERS}-{user} && sudo chmod 440 {SUDOERS}-{user}"
        )
    return "\n".join(commands) + "\n"
