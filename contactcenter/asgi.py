"""The web process over ASGI: the stream of agent events needs it, and in the demo it serves everything.

In production the admin and the API run over WSGI (`contactcenter.wsgi`), which is faster for them; see
`docs/operations.md`."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django_application = get_asgi_application()
# Under ASGI each request has a thread of its own, so a connection that is kept is never used again: only held.
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
# By name, as the URLs of the apps are: this package puts the process together, its code knows nothing of the page.
application = import_string("agentdesktop.stream.with_stream")(django_application)

from .api.size_limit import with_size_limit  # noqa: E402 - needs the settings loaded
from .operations.checks import refuse_unsafe_settings  # noqa: E402 - needs the settings loaded

application = with_size_limit(application)
refuse_unsafe_settings()
