"""Settings, read from the environment. Nothing set means the embedded default for trying out: SQLite, a broker in a
folder, a bell that polls. `DEBUG=0` refuses to start on that default (see `contactcenter/operations/checks.py`)."""

import os
from contextlib import suppress
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=True)
if DEBUG:
    # The simulators speak plain HTTP, which oauthlib refuses to build addresses for.
    os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")
TRYING_OUT_KEY = "trying-out-only-never-in-production-0123456789"
SECRET_KEY = env.str("SECRET_KEY", default=TRYING_OUT_KEY)
TRYING_OUT_ENCRYPTION_KEY = "dHJ5aW5nLW91dC1vbmx5LW5ldmVyLWluLXByb2QtMDE="
# The first key encrypts, every key decrypts: put a new key in front, run `rotate_secrets`, then drop the old one.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[TRYING_OUT_ENCRYPTION_KEY])

PORT = env.int("PORT", default=8000)
SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=9000)
# Two host names on purpose: `127.0.0.1` and `localhost` are different sites to a browser, so that embedding is real.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
SIMULATOR_URL = env.str("SIMULATOR_URL", default=f"http://localhost:{SIMULATOR_PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# A simulated identity provider asks for no password and signs with a published key.
ALLOW_SIMULATED_SIGN_ON = env.bool("ALLOW_SIMULATED_SIGN_ON", default=DEBUG)
INTEGRATIONS_ALLOWED_NETWORKS = env.list("INTEGRATIONS_ALLOWED_NETWORKS", default=[])

# Reports that are delivered to a folder of this server go below it and nowhere else. Empty: no such folders.
REPORTS_ROOT = env.str("REPORTS_ROOT", default=str(VAR_DIR / "reports") if DEBUG else "")

# Recordings lie here until the storage has them, and for good where there is none. Web and workers share the folder.
RECORDINGS_ROOT = env.str("RECORDINGS_ROOT", default=str(VAR_DIR / "recordings"))
LARGEST_RECORDING = env.int("LARGEST_RECORDING_MB", default=5120) * 1024 * 1024

INSTALLED_APPS = [
    "contactcenter.apps.ContactCenterAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "auditlog",
    "csp",
    "integrations",
    "contactcenter",
    "agentdesktop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "agentdesktop.cookies.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "agentdesktop.doors.middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
]

ROOT_URLCONF = "contactcenter.urls"
WSGI_APPLICATION = "contactcenter.wsgi.application"
ASGI_APPLICATION = "contactcenter.asgi.application"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

DATABASE_URL = env.str("DATABASE_URL", default="")
if not DATABASE_URL:
    with suppress(OSError):  # what cannot be written to is reported where it is needed, in words
        VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": env.db_url_config(DATABASE_URL or f"sqlite:///{VAR_DIR / 'contactcenter.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL lets readers and the one writer work side by side; IMMEDIATE takes the write lock at the start, so that two
    # writers wait for each other instead of failing half-way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")

# Reminders of what ends go out by mail; without a server they are files to read.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    globals().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 15
# Between the product and the real backend stands a door that dry runs shut.
MAIL_BACKEND, EMAIL_BACKEND = EMAIL_BACKEND, "integrations.mail_door.Backend"
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Contact centre <contactcenter@localhost>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
WHITENOISE_USE_FINDERS = True

# The token of a form lives in the session, so one cookie fewer has to survive inside a foreign page.
CSRF_USE_SESSIONS = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not DEBUG
DESKTOP_SESSION_COOKIE_NAME = "desktop_session"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=not DEBUG)
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = False
# Probes of a load balancer come over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
LOGIN_URL = "admin:login"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:", "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
    },
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "filesystem://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 110
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
if CELERY_BROKER_URL.startswith("filesystem"):
    BROKER_DIR = VAR_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.05,
    }
else:
    # Above every task's time limit; with the defaults a killed worker's messages come back after 100 s or more.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # A broker that is away must not hold up a page: fail soon, the sweep repairs.
        "socket_connect_timeout": 2,
        "socket_timeout": 3,
        "socket_keepalive": True,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }

# How long a claim on a piece of work holds when its holder dies without letting go.
LEASE_SECONDS = env.float("LEASE_SECONDS", default=30)
# The outbox's own waits are multiplied by this; a test plays ten minutes in one with 0.1.
BACK_OFF_SCALE = env.float("BACK_OFF_SCALE", default=1)

# Error pages and mails leave out every secret that the process knows, also while DEBUG is on.
DEFAULT_EXCEPTION_REPORTER = "integrations.wire.tracebacks.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "integrations.wire.tracebacks.ReporterFilter"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "integrations.wire.redaction.SecretsFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "uvicorn.access": {"level": "WARNING"},
    },
}
