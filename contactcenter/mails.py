"""Mails of scenarios: a row before it leaves, sent by whoever holds its lease.

SMTP tells us much, but not everything. A refusal or a connection that did not come about means that nothing was
delivered; a connection that breaks after the text was handed over, or a worker that dies there, means that nobody
knows. Such a mail stays *uncertain* and is sent again only when a person says so; its Message-ID stays the same, by
which mail programs recognise a repetition."""

import logging
import smtplib
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import timezone

from integrations import leases

from .models import Interaction, OutgoingMail
from .nudge import nudge

logger = logging.getLogger(__name__)

Status = OutgoingMail.Status
LEASE_SECONDS = 60.0
MOST_ATTEMPTS = 150
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0
MOST_AT_ONCE = 50
# The server has answered that it does not take the mail now (4xx) or ever (5xx, RFC 5321 section 4.2.1).
FOR_NOW = range(400, 500)
NOT_KNOWN = "Nobody knows whether the mail was delivered: {why} Send it again if it is missing."


def queue(interaction: Interaction, *, to: list[str], subject: str, body: str, key: str) -> OutgoingMail:
    """Add a mail, or return the one that has this key already. Workers are nudged when the transaction commits."""
    mail, is_new = OutgoingMail.objects.get_or_create(
        key=key, defaults={"interaction": interaction, "to": to, "subject": subject, "body": body}
    )
    if is_new:
        _soon(mail.pk)
    return mail


def _soon(mail_id: int) -> None:
    from .tasks import send_mail

    nudge(send_mail, mail_id)


def send_due() -> int:
    """Repair, every second: mails that nobody sends. Returns how many."""
    now = timezone.now()
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    waiting = OutgoingMail.objects.filter(leases.free(now), due, status__in=(Status.WAITING, Status.SENDING))
    found = list(waiting.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    for mail_id in found:
        _soon(mail_id)
    return len(found)


def send_again(mail: OutgoingMail) -> bool:
    """A person says that a mail is missing. False where it is on its way or was sent."""
    lost = OutgoingMail.objects.filter(pk=mail.pk, status__in=(Status.FAILED, Status.UNCERTAIN))
    if not lost.update(status=Status.WAITING, attempts=0, not_before=None, error=""):
        return False
    _soon(mail.pk)
    return True


def send(mail_id: int) -> OutgoingMail:
    """One attempt, where it is due; returns the mail as it is then."""
    mail = OutgoingMail.objects.get(pk=mail_id)
    with leases.held(mail, seconds=LEASE_SECONDS, where=Q(status__in=(Status.WAITING, Status.SENDING))) as owner:
        if not owner:
            return mail
        mail.refresh_from_db()
        if mail.status == Status.SENDING:  # we hold the lease, so whoever was sending it has died
            _note(mail, status=Status.UNCERTAIN, error=NOT_KNOWN.format(why="sending was interrupted."))
        elif mail.not_before is None or mail.not_before <= timezone.now():
            _attempt(mail)
    return mail


def _attempt(mail: OutgoingMail) -> None:
    connection = get_connection()
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        _later(mail, f"The mail server could not be reached or does not accept our log-in ({type(error).__name__}).")
        return
    _note(mail, status=Status.SENDING, attempts=mail.attempts + 1)
    try:
        connection.send_messages([_message(mail)])
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        _refused(mail, min(codes, default=0), "The mail server takes no mail for these addresses.")
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
        _refused(mail, refusal.smtp_code, f"The mail server refused the mail: {_words(refusal.smtp_error)}")
    except (smtplib.SMTPException, OSError):
        _note(mail, status=Status.UNCERTAIN, error=NOT_KNOWN.format(why="the mail server broke off."))
    except Exception as error:
        logger.exception("Mail %s could not be sent because of a fault of ours.", mail.pk)
        _note(mail, status=Status.FAILED, error=f"A fault in this software: {type(error).__name__}. It is in the log.")
    else:
        _note(mail, status=Status.SENT, sent_at=timezone.now(), error="")
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.close()


def _message(mail: OutgoingMail) -> EmailMessage:
    """Raises `BadHeaderError` for a line break in a header, which no mail of ours has."""
    host = settings.PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    identity = f"<{mail.key.replace(':', '.')}@{host or 'contactcenter'}>"
    return EmailMessage(mail.subject, mail.body, to=list(mail.to), headers={"Message-ID": identity})


def _refused(mail: OutgoingMail, code: int, why: str) -> None:
    if code in FOR_NOW:
        _later(mail, why)
    else:
        _note(mail, status=Status.FAILED, error=why)


def _later(mail: OutgoingMail, why: str) -> None:
    """Again after 5, 20, 80 ... seconds, at most every ten minutes, for about a day."""
    attempts = mail.attempts if mail.status == Status.SENDING else mail.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _note(mail, status=Status.FAILED, error=why, attempts=attempts)
        return
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** min(attempts - 1, 5))
    later = timezone.now() + timedelta(seconds=pause)
    _note(mail, status=Status.WAITING, error=why, attempts=attempts, not_before=later)


def _note(mail: OutgoingMail, **values: Any) -> None:
    OutgoingMail.objects.filter(pk=mail.pk).update(**values)
    for name, value in values.items():
        setattr(mail, name, value)


def _words(told: bytes | str) -> str:
    return (told.decode(errors="replace") if isinstance(told, bytes) else told)[:300]
