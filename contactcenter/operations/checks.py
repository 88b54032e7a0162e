"""What a real installation must not run on. With `DEBUG=0` nothing may be left of the embedded default for trying out:
its keys are published, its database knows one writer, its broker loses messages when a worker is killed.

`manage.py check` and every other command report these as system checks; web and workers, which run no commands,
refuse to start with the same sentences."""

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

SHORTEST_SECRET_KEY = 32


@register(Tags.security)
def check_environment(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Faults of a production environment; nothing while `DEBUG` is on."""
    if settings.DEBUG:
        return []
    return [*key_faults(), *store_faults(), *address_faults(), *mail_faults()]


def key_faults() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.TRYING_OUT_KEY or len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        found.append(
            Error(
                "SECRET_KEY is the published one for trying out, or too short: anybody could forge log-ins.",
                hint=f"Set SECRET_KEY to {SHORTEST_SECRET_KEY} or more random characters and keep it secret.",
                id="contactcenter.E001",
            )
        )
    if settings.TRYING_OUT_ENCRYPTION_KEY in settings.FIELD_ENCRYPTION_KEYS or not settings.FIELD_ENCRYPTION_KEYS:
        found.append(
            Error(
                "FIELD_ENCRYPTION_KEYS is missing or holds the published key for trying out: the vendors' credentials "
                "would lie open.",
                hint="Make a key as docs/operations.md shows (Keys), and keep a copy: without it the secrets are lost.",
                id="contactcenter.E002",
            )
        )
    return found


def store_faults() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Error(
                "The database is SQLite, which lets one process write at a time and is for trying out.",
                hint="Set DATABASE_URL to a PostgreSQL database, for example postgres://user:password@host/name.",
                id="contactcenter.E003",
            )
        )
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        found.append(
            Error(
                "The message broker is a folder, which serves one machine and is for trying out.",
                hint="Set REDIS_URL, for example redis://host:6379/0.",
                id="contactcenter.E004",
            )
        )
    return found


def address_faults() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS is empty: every request would be refused.",
                hint="Set ALLOWED_HOSTS to the host names under which people reach the product, separated by commas.",
                id="contactcenter.E005",
            )
        )
    if urlsplit(settings.PUBLIC_URL).scheme != "https":
        found.append(
            Warning(
                f'PUBLIC_URL is "{settings.PUBLIC_URL}". Browsers keep the session of an embedded desktop, and vendors '
                "send back log-ins, over https only.",
                hint="Set PUBLIC_URL to the https address under which people reach the product.",
                id="contactcenter.W006",
            )
        )
    return found


def mail_faults() -> list[CheckMessage]:
    if settings.EMAIL_URL:
        return []
    return [
        Warning(
            "There is no mail server: reminders of tokens and certificates that end are written to files that nobody "
            "reads. The overview shows them all the same.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.com:587.",
            id="contactcenter.W007",
        )
    ]


def refuse_unsafe_settings() -> None:
    """Stop this process, in words, where an error above stands."""
    faults = [fault for fault in check_environment(None) if fault.is_serious()]
    if faults:
        lines = [f"  {fault.id}: {fault.msg}\n    {fault.hint}" for fault in faults]
        sys.exit("Not started, because DEBUG is off and the environment is not ready for it:\n" + "\n".join(lines))
