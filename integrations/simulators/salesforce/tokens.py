"""Grants, tokens and codes (Salesforce help, "OAuth 2.0 Web Server Flow", "Refresh token rotation").

A grant is what one authorisation gave: one refresh token and the access tokens made from it. At most five of a user
live at the same time; the sixth ends the oldest. Where refresh tokens rotate, using an old one ends the grant."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

CODE_SECONDS = 900.0
MOST_GRANTS = 5
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass
class Grant:
    user_id: str
    scope: str
    refresh: str = ""
    spent: set[str] = field(default_factory=set)
    access: dict[str, float] = field(default_factory=dict)


@dataclass
class Code:
    user_id: str
    redirect_uri: str
    challenge: str
    scope: str
    expires: float


class TokenStore:
    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.grants: list[Grant] = []
        self.codes: dict[str, Code] = {}
        #: Everything ever issued, to keep it out of the request pages. Old ones are forgotten.
        self.issued: list[str] = []

    def grant(self, user_id: str, scope: str, *, refreshable: bool) -> Grant:
        made = Grant(user_id, scope)
        if refreshable:
            made.refresh = self._new("5Aep861")
            of_user = [each for each in self.grants if each.refresh and each.user_id == user_id]
            for oldest in of_user[: max(0, len(of_user) - MOST_GRANTS + 1)]:
                self.grants.remove(oldest)
        self.grants.append(made)
        return made

    def access(self, grant: Grant, seconds: float) -> str:
        value = self._new(f"{self.organisation[:15]}!AQ")
        grant.access[value] = time.time() + seconds
        return value

    def refreshed(self, value: str, settings: dict[str, Any]) -> Grant | None:
        """The grant to a refresh token. One that was replaced ends the grant with all its tokens."""
        for grant in self.grants:
            if value in grant.spent:
                self.grants.remove(grant)
                return None
            if value and value == grant.refresh:
                if settings["rotate_refresh_tokens"]:
                    grant.spent.add(value)
                    grant.refresh = self._new("5Aep861")
                return grant
        return None

    def user_of(self, access_token: str) -> str:
        return next((g.user_id for g in self.grants if g.access.get(access_token, 0) > time.time()), "")

    def end(self, token: str) -> bool:
        """Revoke: an access token alone, a refresh token with its grant."""
        for grant in list(self.grants):
            if token and token == grant.refresh:
                self.grants.remove(grant)
                return True
            if grant.access.pop(token, None) is not None:
                return True
        return False

    def new_code(self, user_id: str, redirect_uri: str, challenge: str, scope: str) -> str:
        value = self._new("aPrx")
        self.codes[value] = Code(user_id, redirect_uri, challenge, scope, time.time() + CODE_SECONDS)
        return value

    def take_code(self, value: str) -> Code | None:
        return self.codes.pop(value, None)

    def _new(self, start: str) -> str:
        value = start + secrets.token_urlsafe(40)
        self.issued = [*self.issued[-500:], value]
        return value


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
