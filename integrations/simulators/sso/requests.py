"""Log-in requests as they arrive by redirect (Core 3.4.1, Bindings 3.4): decoded and checked like a strict product."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from .answers import SPACES

LONGEST = 100_000
OLDEST = timedelta(minutes=5)
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class BadRequest(Exception):
    """A request that is not answered; the message says why."""


@dataclass(frozen=True)
class Partner:
    """The service provider that was registered here."""

    entity_id: str
    acs: str


@dataclass(frozen=True)
class LoginRequest:
    """`name_id_format` is empty where the request leaves it to us."""

    id: str
    issuer: str
    name_id_format: str
    relay_state: str = ""


def read(encoded: str, relay_state: str, *, partner: Partner, here: str) -> LoginRequest:
    """Raises `BadRequest`."""
    root = _parsed(encoded)
    issuer = (root.findtext("saml:Issuer", "", SPACES) or "").strip()
    _check_head(root, here)
    if issuer != partner.entity_id:
        raise BadRequest(f"There is no application with the entity id {issuer or '(none)'} here.")
    if root.get("AssertionConsumerServiceURL", partner.acs) != partner.acs:
        raise BadRequest(f"Answers go to {partner.acs} only.")
    if root.get("ProtocolBinding", POST) != POST:
        raise BadRequest("Answers are given by POST only.")
    if len(relay_state.encode()) > 80:
        raise BadRequest("RelayState is longer than 80 bytes.")
    policy = root.find("samlp:NameIDPolicy", SPACES)
    return LoginRequest(root.get("ID", ""), issuer, policy.get("Format", "") if policy is not None else "", relay_state)


def _check_head(root: etree._Element, here: str) -> None:
    if root.tag != f"{{{SPACES['samlp']}}}AuthnRequest" or root.get("Version") != "2.0":
        raise BadRequest("This is no AuthnRequest of SAML 2.0.")
    identifier = root.get("ID", "")
    if not identifier or not (identifier[0].isalpha() or identifier[0] == "_") or ":" in identifier:
        raise BadRequest("The request's ID is missing or is not one that XML allows.")
    if root.get("Destination", here) != here:
        raise BadRequest(f"The request is meant for {root.get('Destination')}, and this is {here}.")
    try:
        issued = datetime.strptime(root.get("IssueInstant", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadRequest("IssueInstant is not a moment in UTC.") from None
    if abs(datetime.now(UTC) - issued) > OLDEST:
        raise BadRequest("The request was issued at another time than now.")


def _parsed(encoded: str) -> etree._Element:
    try:
        packed = base64.b64decode(encoded, validate=True)
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        xml = unpacker.decompress(packed, LONGEST)
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except (binascii.Error, zlib.error, etree.XMLSyntaxError, ValueError):
        raise BadRequest("SAMLRequest is not a deflated, base64-encoded XML document.") from None
