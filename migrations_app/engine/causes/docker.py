"""Docker and containerd, and what they do with a checkpoint: rows of causes."""

from __future__ import annotations

from .row import Cause, Knowable, Told

DOCKER: tuple[Cause, ...] = (
    Cause(
        1,
        "docker-network-namespace",
        "bind-mount /proc/0/ns/net -> …/docker/netns/…: no such file or directory",
        (r"bind-mount /proc/0/ns/net",),
        Knowable.HOST,
        (Told.TOOL,),
        ("docker-restore-broken",),
    ),
    Cause(
        2,
        "docker-checkpoint-dir",
        "custom checkpointdir is not supported",
        (r"custom checkpointdir is not supported",),
        Knowable.NEVER,
        (Told.TOOL,),
    ),
    Cause(
        3,
        "containerd-content-exists",
        "content sha256:…: already exists",
        (r"content sha256:[0-9a-f.…]+: already exists",),
        Knowable.NEVER,
        (Told.TOOL,),
    ),
    Cause(
        4,
        "containerd-content-missing",
        "content digest …: not found",
        (r"content digest \S+: not found",),
        Knowable.HOST,
        (Told.TOOL,),
        ("docker-forgets-checkpoint",),
    ),
    Cause(
        5,
        "checkpoint-ignored",
        "(none: the container starts again from 0)",
        (),
        Knowable.NEVER,
        (Told.PROOF,),
    ),
    Cause(
        6,
        "docker-experimental-off",
        "checkpoint is only supported in experimental mode",
        (
            r"only supported in experimental mode",
            r"only supported on a Docker daemon with experimental features",
        ),
        Knowable.HOST,
        (Told.TOOL,),
        ("docker-not-experimental",),
    ),
)
