"""The log-in request (Core 3.4.1), sent by the HTTP-Redirect binding (Bindings 3.4)."""

import base64
import zlib
from urllib.parse import urlencode, urlsplit

from django.utils import timezone
from lxml import etree

from . import NAMESPACES, POST, tag

LONGEST_RELAY_STATE = 80  # bytes (Bindings 3.4.3)


def request_url(
    sso_url: str, *, request_id: str, entity_id: str, acs_url: str, name_id_format: str, relay_state: str = ""
) -> str:
    """The address that asks the identity provider to log somebody in. A relay state that is too long is left out."""
    xml = _authn_request(sso_url, request_id, entity_id, acs_url, name_id_format)
    query = {"SAMLRequest": base64.b64encode(_deflated(xml)).decode()}
    if relay_state and len(relay_state.encode()) <= LONGEST_RELAY_STATE:
        query["RelayState"] = relay_state
    return f"{sso_url}{'&' if urlsplit(sso_url).query else '?'}{urlencode(query)}"


def _authn_request(sso_url: str, request_id: str, entity_id: str, acs_url: str, name_id_format: str) -> bytes:
    spaces = {prefix: NAMESPACES[prefix] for prefix in ("samlp", "saml")}
    root = etree.Element(
        tag("samlp", "AuthnRequest"),
        nsmap=spaces,
        ID=request_id,
        Version="2.0",
        IssueInstant=f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        Destination=sso_url,
        ProtocolBinding=POST,
        AssertionConsumerServiceURL=acs_url,
    )
    etree.SubElement(root, tag("saml", "Issuer")).text = entity_id
    etree.SubElement(root, tag("samlp", "NameIDPolicy"), Format=name_id_format, AllowCreate="true")
    return bytes(etree.tostring(root))


def _deflated(data: bytes) -> bytes:
    """Raw DEFLATE, without zlib's header and checksum."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
