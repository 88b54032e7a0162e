"""Metadata (SAML Metadata 2.0): the identity provider's is read, ours is written."""

from dataclasses import dataclass

from lxml import etree

from ..safe_xml import NotXml, parsed
from . import NAMESPACES, POST, REDIRECT, tag
from .certificates import BadCertificate, Certificate, read

PROTOCOL = NAMESPACES["samlp"]


class BadMetadata(ValueError):
    """The text is no metadata of one identity provider; the message says why."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What metadata says of an identity provider. `sso_url` is where requests go by redirect."""

    issuer: str
    sso_url: str
    certificates: tuple[Certificate, ...]


def is_metadata(text: str) -> bool:
    """Whether the text looks like XML rather than like a certificate."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def read_metadata(text: str | bytes) -> IdentityProvider:
    """The one identity provider in it. Raises `BadMetadata`."""
    try:
        root = parsed(text)
    except NotXml as error:
        raise BadMetadata(str(error)) from None
    found = [entity for entity in root.iter(tag("md", "EntityDescriptor")) if _role(entity) is not None]
    if len(found) != 1:
        raise BadMetadata(
            "There is no identity provider in this metadata."
            if not found
            else f"There are {len(found)} identity providers in this metadata: use the metadata of yours alone."
        )
    role, issuer = _role(found[0]), found[0].get("entityID", "")
    assert role is not None  # noqa: S101 - chosen by it
    return IdentityProvider(issuer, _sso_url(role), _certificates(role))


def _role(entity: etree._Element) -> etree._Element | None:
    return entity.find("md:IDPSSODescriptor", NAMESPACES)


def _sso_url(role: etree._Element) -> str:
    for service in role.findall("md:SingleSignOnService", NAMESPACES):
        if service.get("Binding") == REDIRECT:
            return str(service.get("Location", "")).strip()
    raise BadMetadata("The identity provider takes no requests by redirect (binding HTTP-Redirect), which we use.")


def _certificates(role: etree._Element) -> tuple[Certificate, ...]:
    found = {}
    for key in role.findall("md:KeyDescriptor", NAMESPACES):
        if key.get("use", "signing") != "signing":
            continue
        for text in key.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMESPACES):
            try:
                found.update({each.fingerprint: each for each in read(text.text or "")})
            except BadCertificate as error:
                raise BadMetadata(str(error)) from None
    if not found:
        raise BadMetadata("The metadata holds no certificate for signatures.")
    return tuple(found.values())


def our_metadata(*, entity_id: str, acs_url: str, name_id_format: str) -> bytes:
    """Ours: one assertion consumer service by POST, signed assertions wanted, requests unsigned."""
    spaces = {"md": NAMESPACES["md"]}
    root = etree.Element(tag("md", "EntityDescriptor"), nsmap=spaces, entityID=entity_id)
    role = etree.SubElement(
        root,
        tag("md", "SPSSODescriptor"),
        AuthnRequestsSigned="false",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    etree.SubElement(role, tag("md", "NameIDFormat")).text = name_id_format
    etree.SubElement(
        role, tag("md", "AssertionConsumerService"), Binding=POST, Location=acs_url, index="0", isDefault="true"
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
