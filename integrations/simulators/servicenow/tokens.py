"""OAuth clients, tokens and codes of the instance (ServiceNow docs, OAuth inbound).

Three habits of the real thing that clients trip over: asking again within the life of a token returns the same
token with the seconds that are left; the refresh token is returned again and not rotated; and every refusal has
the same body.
"""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

CLIENT_ID = "demo-client-id-0123456789abcdef"
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - the published secret of a simulator
PUBLIC_CLIENT_ID = "demo-public-client-0123456789abcd"
CODE_SECONDS = 60.0
# A public client has no secret and must use PKCE.
CLIENTS: dict[str, str | None] = {CLIENT_ID: CLIENT_SECRET, PUBLIC_CLIENT_ID: None}


@dataclass
class Token:
    value: str
    client_id: str
    user_name: str
    expires: float

    def live(self) -> bool:
        return time.time() < self.expires


@dataclass
class Code:
    client_id: str
    user_name: str
    redirect_uri: str
    challenge: str
    expires: float


@dataclass
class TokenStore:
    access: dict[str, Token] = field(default_factory=dict)
    refresh: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    #: Everything ever issued, to keep it out of the request pages. Old ones are forgotten.
    issued: list[str] = field(default_factory=list)

    def answer(self, client_id: str, user_name: str, settings: dict[str, Any], *, with_refresh: bool) -> dict[str, Any]:
        """The success body; keys exactly as the vendor writes them."""
        access = self._same_or_new(self.access, client_id, user_name, settings["access_token_seconds"])
        body: dict[str, Any] = {"access_token": access.value}
        if with_refresh:
            seconds = settings["refresh_token_seconds"]
            body["refresh_token"] = self._same_or_new(self.refresh, client_id, user_name, seconds).value
        left = max(0, math.ceil(access.expires - time.time()) - 1)
        return {**body, "scope": "useraccount", "token_type": "Bearer", "expires_in": left}

    def _same_or_new(self, tokens: dict[str, Token], client_id: str, user_name: str, seconds: float) -> Token:
        for token in tokens.values():
            if token.live() and (token.client_id, token.user_name) == (client_id, user_name):
                return token
        token = Token(secrets.token_urlsafe(48), client_id, user_name, time.time() + seconds)
        tokens[token.value] = token
        self.issued = [*self.issued[-500:], token.value]
        return token

    def user_of(self, access_token: str) -> str | None:
        token = self.access.get(access_token)
        return token.user_name if token and token.live() else None

    def refreshable(self, refresh_token: str, client_id: str) -> Token | None:
        token = self.refresh.get(refresh_token)
        return token if token and token.live() and token.client_id == client_id else None

    def revoke(self, value: str) -> None:
        self.access.pop(value, None)
        self.refresh.pop(value, None)

    def expire(self, access_token: str) -> None:
        self.access.pop(access_token, None)

    def revoke_grants_of(self, user_name: str) -> None:
        for tokens in (self.access, self.refresh):
            for value in [v for v, token in tokens.items() if token.user_name == user_name]:
                del tokens[value]

    def new_code(self, client_id: str, user_name: str, redirect_uri: str, challenge: str) -> str:
        value = secrets.token_urlsafe(24)
        self.codes[value] = Code(client_id, user_name, redirect_uri, challenge, time.time() + CODE_SECONDS)
        self.issued.append(value)
        return value

    def take_code(self, value: str) -> Code | None:
        code = self.codes.pop(value, None)
        return code if code and time.time() < code.expires else None


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
