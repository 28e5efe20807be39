"""What a job left on a host that did not answer at its end."""

from __future__ import annotations

from django.db import models


class Leftover(models.Model):
    """The end of a job on one host, still to be carried out; or when and how it was, later."""

    class Half(models.TextChoices):
        SOURCE = "source"
        TARGET = "target"

    job = models.ForeignKey("MigrationJob", on_delete=models.CASCADE, related_name="leftovers")
    host = models.ForeignKey("Host", on_delete=models.CASCADE, related_name="leftovers")
    half = models.CharField(max_length=8, choices=Half.choices)  # which the host had in the job
    name = models.CharField(max_length=64)  # the engine's job id
    ended_here = models.BooleanField()  # the workload ended up on this host
    copied = models.BooleanField()  # the original goes on beside its copy
    noted_at = models.DateTimeField(auto_now_add=True)
    tries = models.PositiveIntegerField(default=0)
    try_at = models.DateTimeField(auto_now_add=True)
    error_code = models.CharField(max_length=64, blank=True)  # of the last try
    error_message = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed = models.JSONField(default=list, blank=True)  # what, in words of the host
    kept = models.JSONField(default=list, blank=True)  # volumes that stay there

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["job", "half"], name="one_leftover_per_half"),
        ]
        indexes = [
            models.Index(
                fields=["try_at"], condition=models.Q(removed_at=None), name="leftovers_to_try"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.host}"
