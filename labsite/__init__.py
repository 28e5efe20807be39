"""The Django project: settings, Celery application, root URLs, ASGI entry point."""

from .celery import app as celery_app

__all__ = ("celery_app",)
