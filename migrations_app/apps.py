"""The application's entry in INSTALLED_APPS."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MigrationsAppConfig(AppConfig):
    name = "migrations_app"
    verbose_name = _("Migration Lab")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, tasks  # noqa: F401, PLC0415  registers both
