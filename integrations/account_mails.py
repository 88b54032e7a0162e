"""Mails to those who may change accounts, and news that is told once.

News is a row, and a row is claimed before it is sent: a second worker, a crash or a mail server that is away neither
repeats it nor loses it."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from email.utils import formataddr
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db.models import Q
from django.utils import timezone

from . import leases

logger = logging.getLogger(__name__)

LEASE_SECONDS = 90.0  # above the time limit of the mail server


def recipients() -> list[str]:
    """Addresses of the staff who may change accounts."""
    users = get_user_model().objects.with_perm(
        "integrations.change_integrationaccount", backend="django.contrib.auth.backends.ModelBackend"
    )
    with_mail = users.filter(is_staff=True).exclude(email="").order_by("pk")
    return [formataddr((user.get_full_name(), user.email)) for user in with_mail]


def message(subject: str, parts: Iterable[str], to: list[str], *, identity: str) -> EmailMessage:
    """One mail of several paragraphs. The same `identity` makes the same Message-ID, by which mail systems know a mail
    that went out just before a crash when it comes again."""
    name = hashlib.sha256(identity.encode()).hexdigest()[:32]
    headers = {"Message-ID": f"<{name}@contactcenter.invalid>"}
    return EmailMessage(subject, "\n\n".join(parts) + "\n", to=to, headers=headers)


def sent(make: Callable[[list[str]], EmailMessage], waiting: str) -> bool:
    """Send what `make` writes for its recipients; False where it has to wait. `waiting` says that, for the log."""
    to = recipients()
    if not to:
        logger.warning("Nobody who may change accounts has an e-mail address: %s.", waiting)
        return False
    try:
        make(to).send()
    except Exception as error:  # the mail server's library raises what it likes
        logger.warning(
            "A mail could not be sent (%s): %s, and the next turn tries again.", type(error).__name__, waiting
        )
        return False
    return True


def tell_each(
    news: type[Any], untold: Q, make: Callable[[Any, list[str]], EmailMessage], waiting: str, **besides: object
) -> int:
    """Send a mail for each row of the model `news` that is `untold`, oldest first, and note `told_at` (and what is
    `besides`) in it; returns how many went out."""
    told = 0
    for row in news.objects.filter(untold).select_related("account").order_by("id"):
        owner = leases.claim(row, seconds=LEASE_SECONDS, where=untold)
        if owner and sent(partial(make, row), waiting):
            mine = news.objects.filter(pk=row.pk, lease_owner=owner)
            told += mine.update(told_at=timezone.now(), **besides)
        leases.release(row, owner)
    return told
