"""Answers of an identity provider (SAML Core 3.3.3, Profiles 4.1.4.2), signed with xmlsec; also the ones with a fault.

`Facts` says what an answer states. `signed` makes the document. Nothing here knows who will read it."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import xmlsec
from lxml import etree

from .keys import KeyPair

SPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a class of log-ins
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
SHA256 = (xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformSha256)
SHA1 = (xmlsec.constants.TransformRsaSha1, xmlsec.constants.TransformSha1)


def fresh_id() -> str:
    return f"_{secrets.token_hex(16)}"


@dataclass(frozen=True)
class Facts:
    """What one answer states. Empty text leaves the element or attribute out."""

    issuer: str
    acs: str
    audience: str
    subject: str
    subject_format: str
    attributes: dict[str, list[str]] = field(default_factory=dict)
    request_id: str = ""
    recipient: str = ""
    destination: str = ""
    begins: timedelta = timedelta(minutes=-1)
    ends: timedelta = timedelta(minutes=5)
    assertion_id: str = field(default_factory=fresh_id)

    def bent(self, **changes: Any) -> Facts:
        return replace(self, **changes)


@dataclass(frozen=True)
class Signing:
    """Which parts are signed, and how."""

    pair: KeyPair
    assertion: bool = True
    response: bool = True
    algorithms: tuple[Any, Any] = SHA256


def document(facts: Facts, signing: Signing) -> etree._Element:
    """The response, with the signatures that are asked for: first the inner one, then the outer one."""
    response = _response(facts)
    assertion = _assertion(facts)
    response.append(assertion)
    if signing.assertion:
        sign(assertion, signing)
    if signing.response:
        sign(response, signing)
    return response


def encoded(response: etree._Element) -> str:
    return base64.b64encode(etree.tostring(response.getroottree())).decode()


def sign(element: etree._Element, signing: Signing) -> None:
    """An enveloped signature right after the issuer, where the schema wants it."""
    method, digest = signing.algorithms
    signature = xmlsec.template.create(element, xmlsec.constants.TransformExclC14N, method)
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(signing.pair.key, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(signing.pair.certificate, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{SPACES[prefix]}}}{local}"


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _tag(name), {key: value for key, value in attributes.items() if value})
    element.text = text
    return element


def _moment(later: timedelta = timedelta()) -> str:
    return f"{datetime.now(UTC) + later:%Y-%m-%dT%H:%M:%SZ}"


def _response(facts: Facts) -> etree._Element:
    head = {"ID": fresh_id(), "Version": "2.0", "IssueInstant": _moment(), "Destination": facts.destination}
    head |= {"InResponseTo": facts.request_id}
    response = etree.Element(_tag("samlp:Response"), {k: v for k, v in head.items() if v}, nsmap=SPACES)
    _add(response, "saml:Issuer", facts.issuer)
    _add(_add(response, "samlp:Status"), "samlp:StatusCode", Value=SUCCESS)
    return response


def _assertion(facts: Facts) -> etree._Element:
    assertion = etree.Element(
        _tag("saml:Assertion"), ID=facts.assertion_id, Version="2.0", IssueInstant=_moment(), nsmap=SPACES
    )
    _add(assertion, "saml:Issuer", facts.issuer)
    subject = _add(assertion, "saml:Subject")
    _add(subject, "saml:NameID", facts.subject, Format=facts.subject_format)
    confirmation = _add(subject, "saml:SubjectConfirmation", Method=BEARER)
    ends = _moment(facts.ends)
    about = {"InResponseTo": facts.request_id, "Recipient": facts.recipient, "NotOnOrAfter": ends}
    _add(confirmation, "saml:SubjectConfirmationData", **about)
    conditions = _add(assertion, "saml:Conditions", NotBefore=_moment(facts.begins), NotOnOrAfter=ends)
    if facts.audience:
        _add(_add(conditions, "saml:AudienceRestriction"), "saml:Audience", facts.audience)
    statement = _add(assertion, "saml:AuthnStatement", AuthnInstant=_moment(), SessionIndex=fresh_id())
    _add(_add(statement, "saml:AuthnContext"), "saml:AuthnContextClassRef", PASSWORD)
    _attributes(assertion, facts)
    return assertion


def _attributes(assertion: etree._Element, facts: Facts) -> None:
    if not facts.attributes:
        return
    statement = _add(assertion, "saml:AttributeStatement")
    for name, values in facts.attributes.items():
        attribute = _add(statement, "saml:Attribute", Name=name, NameFormat=BASIC)
        for value in values:
            _add(attribute, "saml:AttributeValue", value)
