"""ASGI entry point: uvicorn labsite.asgi:application."""

import os

from django.core.asgi import get_asgi_application

from migrations_app.garbage import spare_what_stays

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labsite.settings")

application = get_asgi_application()
spare_what_stays()
