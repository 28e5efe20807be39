"""The field's words in both languages."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Term

GLOSSARY: tuple[Term, ...] = (
    Term(
        "live migration",
        "热迁移",
        _(
            "Moving a running program to another machine, where it goes on from exactly where it was."
        ),
    ),
    Term(
        "checkpoint",
        "检查点",
        _(
            "The state of a running program at one moment, written down completely enough to go on from it."
        ),
    ),
    Term(
        "dump",
        "转储",
        _("Writing the checkpoint: memory, registers, open files and sockets go into image files."),
    ),
    Term("restore", "恢复", _("Building the tasks anew from image files and letting them run.")),
    Term(
        "freeze",
        "冻结",
        _(
            "Stopping all tasks of a workload at the same moment, so that nothing changes while it is dumped."
        ),
    ),
    Term(
        "stop time",
        "停机时间",
        _(
            "How long the workload stands still during a migration. The figure that live migration is about."
        ),
    ),
    Term("transfer time", "传输时间", _("How long the image was on its way from host to host.")),
    Term(
        "total time",
        "总迁移时间",
        _("From the first step of a migration until the end of cleaning up."),
    ),
    Term("workload", "工作负载", _("What is migrated: a process or a container.")),
    Term("source host", "源主机", _("The machine the workload comes from.")),
    Term("target host", "目标主机", _("The machine the workload goes to.")),
    Term(
        "cold",
        "冷迁移",
        _("Checkpoint to disk, copy, restore. The workload stands still from beginning to end."),
    ),
    Term(
        "stop-and-copy",
        "停机拷贝",
        _(
            "Memory is streamed to the target while the workload stands still, without the way over the disk."
        ),
    ),
    Term(
        "pre-copy",
        "预拷贝",
        _(
            "Memory is copied in rounds while the workload runs; only what changed last is copied while it stands still."
        ),
    ),
    Term(
        "post-copy",
        "后拷贝",
        _(
            "The workload moves at once with next to nothing; its pages follow when it asks for them."
        ),
    ),
    Term("hybrid", "混合拷贝", _("Pre-copy first, then post-copy for the rest.")),
    Term(
        "hand-over",
        "交接",
        _(
            "The moment after which the source may not run the workload again, unless the target says that it does not."
        ),
    ),
    Term(
        "armed start",
        "待命启动",
        _(
            "The target's container is made ready before the source is frozen, and its start waits for the image."
        ),
    ),
    Term(
        "dirty rate",
        "脏页率",
        _(
            "How many memory pages a workload changes per second. It decides whether pre-copy gets anywhere."
        ),
    ),
    Term("working set", "工作集", _("The memory a workload really uses within a short time.")),
    Term(
        "in doubt",
        "待定",
        _(
            "Silence at the worst moment: the hosts have yet to settle which of them runs the workload. Never both."
        ),
    ),
    Term("trial", "试验", _("One run among several with the same settings.")),
    Term(
        "confidence interval",
        "置信区间",
        _(
            "The range that the true median lies in with the stated probability, as far as the runs can tell."
        ),
    ),
    Term(
        "link shaping",
        "链路整形",
        _("Making the network between the hosts slower on purpose, to measure what that does."),
    ),
)
