"""Settings of the site. The only place that reads environment variables."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from .keyfiles import read_or_make
from .sockets import socket_dir

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Where this instance keeps its data, and the name that sets it apart from others on one machine.
DATA_DIR = Path(env.str("MIGRATION_LAB_DATA", default=str(BASE_DIR / "var"))).resolve()
INSTANCE: str = env.str(
    "MIGRATION_LAB_INSTANCE", default=hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:6]
)

_port_file = DATA_DIR / "port"  # scripts/up remembers there where it serves
_port = _port_file.read_text().strip() if _port_file.exists() else "8000"
# The address people use. With https the cookies are marked secure and HTTP is turned away.
SITE_URL: str = env.str("MIGRATION_LAB_URL", default=f"http://127.0.0.1:{_port}")
BEHIND_TLS = SITE_URL.startswith("https://")

DEBUG: bool = env.bool("DEBUG", default=False)
# Days after which images that a run kept are removed from their host; 0: never.
KEPT_IMAGES_DAYS: int = env.int("MIGRATION_LAB_KEPT_IMAGES_DAYS", default=30)
SECRET_KEY: str = env.str("SECRET_KEY", default="") or read_or_make(
    DATA_DIR / "secret_key", lambda: secrets.token_urlsafe(64)
)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [SITE_URL] if BEHIND_TLS else []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_bootstrap5",
    "django_filters",
    "django_htmx",
    "ninja",
    "migrations_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "labsite.urls"
ASGI_APPLICATION = "labsite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "migrations_app.views.common.role",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------
SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction that will write takes the lock at its start: two that read first and write
    # later would end in "database is locked" without waiting.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis and Celery ---------------------------------------------------------------------------
REDIS_URL: str = env.str(
    "REDIS_URL", default=f"unix://{socket_dir(DATA_DIR, INSTANCE) / 'redis.sock'}"
)
REDIS_PREFIX = f"migration-lab:{INSTANCE}:"  # two sites may share one Redis
REDIS_TIMEOUT_S = 2.0

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_PREFIX,
    "socket_connect_timeout": REDIS_TIMEOUT_S,
    "max_retries": 0,  # who asks for a job must not wait for a broker that is away
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_TASK_DEFAULT_QUEUE = f"migration-lab-{INSTANCE}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # at most once: running a migration twice is not running it once
CELERY_TASK_PUBLISH_RETRY = False  # no broker: the row stays queued, the dispatcher sends it later
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
TICK_EVERY_S = 5.0
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "migrations_app.tasks.tick",
        "schedule": TICK_EVERY_S,
        "options": {"expires": TICK_EVERY_S},  # a worker that was away gets one, not a heap
    }
}

# --- The lab ------------------------------------------------------------------------------------
# Debian archive for the lab hosts' root; None: the one that this machine's apt uses.
LAB_MIRROR: str | None = env.str("MIGRATION_LAB_MIRROR", default="") or None
MIGRATION_ENGINE = "migrations_app.engine"  # tests put a fake here
CREDENTIALS_KEY_FILE = DATA_DIR / "credentials.key"
# Networks (CIDR) from which hosts may be added, and no others; empty: from private networks.
ALLOWED_HOST_NETWORKS: list[str] = env.list("MIGRATION_LAB_ALLOWED_NETWORKS", default=[])

# Where hosts that are prepared get Docker and CRIU from, as a line for apt ("deb URI SUITE …");
# empty: from their distribution.
DOCKER_ARCHIVE: str = env.str("MIGRATION_LAB_DOCKER_ARCHIVE", default="")
DOCKER_PACKAGES: list[str] = env.list("MIGRATION_LAB_DOCKER_PACKAGES", default=[])
CRIU_ARCHIVE: str = env.str("MIGRATION_LAB_CRIU_ARCHIVE", default="")

# --- People and security ------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# What a student may have going at a time and in 24 hours; administrators can change it for one.
STUDENT_QUOTA: dict[str, int] = {
    "jobs_at_once": env.int("MIGRATION_LAB_STUDENT_JOBS_AT_ONCE", default=3),
    "jobs_per_day": env.int("MIGRATION_LAB_STUDENT_JOBS_PER_DAY", default=200),
    "workloads_at_once": env.int("MIGRATION_LAB_STUDENT_WORKLOADS", default=3),
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# By name and address together: a class behind one address must not lock itself out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
# Cookies know no ports: two sites on one machine need names of their own.
SESSION_COOKIE_NAME = f"session-{INSTANCE}"
CSRF_COOKIE_NAME = f"csrf-{INSTANCE}"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],  # charts saved as pictures
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Languages, time, files ---------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE: str = env.str("TIME_ZONE", default="Asia/Shanghai")

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from where they lie: no collect step to forget.
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"paramiko": {"level": "WARNING"}},  # it tells of every session
}
