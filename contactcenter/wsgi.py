"""The web process over WSGI: admin and HTTP API in production. It has no stream of agent events."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
application = get_wsgi_application()

from .operations.checks import refuse_unsafe_settings  # noqa: E402 - needs the settings loaded

refuse_unsafe_settings()
