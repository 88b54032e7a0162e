"""An access token that travels in a header of the account's choice: what the form accepts, and how it is sent."""

import re
from typing import Any

from django.core.exceptions import ValidationError

HEADER_NAME = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
# Headers that frame the request: the token in one of them would break it.
FRAMING = {
    "connection", "content-length", "content-type", "host", "idempotency-key", "if-none-match", "transfer-encoding",
    "x-feed-sequence",
}  # fmt: skip


class TokenHeaderRules:
    """Cleaning of the properties `token`, `token_header` and `token_scheme`; put it before `PropertiesForm`."""

    cleaned_data: dict[str, Any]

    def clean_token_header(self) -> str:
        name = str(self.cleaned_data["token_header"])
        if not HEADER_NAME.match(name) or name.lower() in FRAMING:
            raise ValidationError("The token cannot travel in this header. Examples: Authorization, X-API-Key.")
        return name

    def clean_token_scheme(self) -> str:
        scheme = str(self.cleaned_data["token_scheme"])
        if scheme and not HEADER_NAME.match(scheme):
            raise ValidationError("The scheme is one word. Examples: Bearer, Token.")
        return scheme

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"])
        if not token.isprintable() or not token.isascii():
            raise ValidationError("The token holds characters that cannot travel in a header. Copy it again.")
        return token
