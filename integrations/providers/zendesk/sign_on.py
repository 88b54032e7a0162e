"""Zendesk's single sign-on by JWT: Zendesk sends a visitor to our log-in page, and believes what we sign.

HS256 with the shared secret of the help desk's configuration, posted as a form to `/access/jwt` (support.zendesk.com,
"Enabling JWT single sign-on", "Anatomy of a JWT request"). Zendesk takes a statement once, and for a few minutes; it
knows a person by `external_id`, else by e-mail, and makes a customer of whoever is unknown."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

from integrations.capabilities import RemoteSignOn, SignOnForm, Visitor
from integrations.errors import Cause, Rejected
from integrations.providers.base import Provider


class SignOn(RemoteSignOn, Provider):
    @property
    def signs_on(self) -> bool:
        return bool(self.account.secret("shared_secret"))

    def takes_back(self, address: str) -> bool:
        try:
            wanted, ours = urlsplit(address), urlsplit(self.base_url)
            return (wanted.scheme, wanted.hostname, wanted.port) == (ours.scheme, ours.hostname, ours.port)
        except ValueError:
            return False

    def sign_on(self, visitor: Visitor, return_to: str = "") -> SignOnForm:
        if return_to and not self.takes_back(return_to):
            raise Rejected(f"{return_to[:200]} is no address of this help desk.", cause=Cause.INVALID_DATA)
        # Zendesk looks for the external id first: it must never be that of somebody else in another installation.
        outside = f"{self.account.public_id.hex}-{visitor.external_id}"
        claims = {
            "iat": int(time.time()), "jti": uuid.uuid4().hex,
            "name": visitor.name, "email": visitor.email, "external_id": outside,
        }  # fmt: skip
        fields = {"jwt": signed(claims, self.account.secret("shared_secret"))}
        return SignOnForm(f"{self.base_url}/access/jwt", {**fields, **({"return_to": return_to} if return_to else {})})


def signed(claims: dict[str, Any], secret: str) -> str:
    """A JSON Web Token with the algorithm HS256 (RFC 7519, RFC 7515)."""
    message = f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(claims)}"
    return f"{message}.{_text(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest())}"


def _part(content: dict[str, Any]) -> str:
    return _text(json.dumps(content, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
