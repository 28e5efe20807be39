"""The administrator's view of the rows. What has rules is shown, not edited."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from .models import Host, JobPhase, JobTransition, MigrationJob, Workload


class ReadOnly:
    """Rows are written by the services; by hand they would break the rules."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Host)
class HostAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # no generics at run time
    list_display = ("name", "address", "state", "is_lab", "checked_at", "leased_by")
    list_filter = ("state", "is_lab")
    exclude = ("private_key_encrypted",)


@admin.register(Workload)
class WorkloadAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # no generics at run time
    list_display = ("name", "type_name", "kind", "host", "state", "created_by")
    list_filter = ("state", "kind", "type_name")
    list_select_related = ("host", "created_by")


class PhaseInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # no generics at run time
    model = JobPhase


class TransitionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # no generics at run time
    model = JobTransition


@admin.register(MigrationJob)
class MigrationJobAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # no generics at run time
    list_display = ("pk", "workload", "source", "target", "operation", "strategy", "status")
    list_filter = ("status", "operation", "strategy")
    list_select_related = ("workload", "source", "target")
    inlines = (PhaseInline, TransitionInline)
