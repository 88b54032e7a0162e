"""OAuth clients, codes and tokens (developer.zendesk.com, "OAuth Tokens for Grant Types").

A refresh deletes the access token and the refresh token that it replaces, at once and without grace. That an old
refresh token which comes back ends the whole authorisation is an assumption, with a setting: RFC 9700 advises it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

CLIENT_ID = "demo_zendesk_client"
CLIENT_SECRET = "demo-zendesk-client-secret"  # noqa: S105 - the published secret of a simulator
PUBLIC_CLIENT_ID = "demo_zendesk_public_client"
API_TOKEN = "demo-zendesk-api-token"  # noqa: S105 - the published token of a simulator
CODE_SECONDS = 120.0
ACCESS_RANGE, REFRESH_RANGE = (300, 172_800), (604_800, 7_776_000)
ACCESS_SECONDS, REFRESH_SECONDS = 1800, 2_592_000


@dataclass(frozen=True)
class Wish:
    """What a client asked for: both lives in seconds, and the scope as it was sent."""

    access: int
    refresh: int
    scope: Any


@dataclass
class Grant:
    """One authorisation: a person, or the client itself, and the tokens that hold now."""

    client_id: str
    user_id: int
    scope: Any
    access: str = ""
    access_ends: float = 0.0
    refresh: str = ""
    refresh_ends: float = 0.0
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Code:
    client_id: str
    user_id: int
    redirect_uri: str
    challenge: str
    scope: str
    ends: float


class TokenStore:
    def __init__(self) -> None:
        self.grants: list[Grant] = []
        self.codes: dict[str, Code] = {}
        #: Everything ever issued, to keep it out of the request pages. The oldest are forgotten.
        self.issued: list[str] = []

    def new_code(self, code: Code) -> str:
        value = self._new()
        self.codes[value] = code
        return value

    def take_code(self, value: str) -> Code | None:
        """A code is good once."""
        code = self.codes.pop(value, None)
        return code if code and time.time() < code.ends else None

    def begin(self, client_id: str, user_id: int, wish: Wish, *, with_refresh: bool) -> dict[str, Any]:
        grant = Grant(client_id, user_id, wish.scope)
        self.grants.append(grant)
        return self._issue(grant, wish, with_refresh=with_refresh)

    def renew(self, grant: Grant, wish: Wish) -> dict[str, Any]:
        grant.used.add(grant.refresh)
        return self._issue(grant, wish, with_refresh=True)

    def by_refresh(self, value: str, client_id: str) -> Grant | None:
        return next((g for g in self._of(client_id) if g.refresh == value and time.time() < g.refresh_ends), None)

    def by_used(self, value: str, client_id: str) -> Grant | None:
        return next((g for g in self._of(client_id) if value in g.used), None)

    def by_access(self, value: str) -> Grant | None:
        return next((g for g in self.grants if value and g.access == value and time.time() < g.access_ends), None)

    def end(self, grant: Grant) -> None:
        self.grants.remove(grant)

    def _of(self, client_id: str) -> list[Grant]:
        return [grant for grant in self.grants if grant.client_id == client_id]

    def _issue(self, grant: Grant, wish: Wish, *, with_refresh: bool) -> dict[str, Any]:
        grant.access, grant.access_ends = self._new(), time.time() + wish.access
        answer = {"access_token": grant.access, "token_type": "bearer", "scope": grant.scope, "expires_in": wish.access}
        if not with_refresh:
            return answer
        grant.refresh, grant.refresh_ends = self._new(), time.time() + wish.refresh
        return {**answer, "refresh_token": grant.refresh, "refresh_token_expires_in": wish.refresh}

    def _new(self) -> str:
        value = secrets.token_hex(32)
        self.issued = [*self.issued[-500:], value]
        return value


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
