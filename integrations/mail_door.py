"""Mail goes out through here, so that a dry run can hold it back. The real backend is `settings.MAIL_BACKEND`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from . import doors


class Backend(BaseEmailBackend):
    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.real = get_connection(settings.MAIL_BACKEND, fail_silently=fail_silently, **kwargs)

    def open(self) -> bool | None:
        return None if doors.current() else self.real.open()

    def close(self) -> None:
        self.real.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        keeper = doors.current()
        if keeper is not None:
            return keeper.mails(email_messages)
        return int(self.real.send_messages(email_messages) or 0)
