"""The Basic scheme (RFC 7617), in UTF-8."""

import base64

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def basic(pair: str) -> str:
    """The header's value for "user:password"."""
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def holds_no_colon(user_name: str) -> None:
    """A validator of user names. Raises `ValidationError`."""
    if ":" in user_name:
        raise ValidationError(_("A user name cannot hold a colon: it separates name and password on the way."))
