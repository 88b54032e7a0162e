"""SOAP 1.1 as Connect Web Services wants it: a security header, a client header, one operation; and reading answers.

Answers are parsed without DTD, entities or network, and up to a size: what comes back from a misled address must not
make this process read files, ask other hosts or fill its memory. Elements are compared by local name, so that a site
with another version of the name spaces is read alike. WS-Security UsernameToken Profile 1.0, section 3.1."""

from typing import Any

import requests
from lxml import etree

from integrations.answers import is_page, page_error
from integrations.errors import Cause, Rejected, Stage

Element = Any  # lxml has no type stubs

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PASSWORD_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"  # noqa: S105
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
MUST_UNDERSTAND = f"{{{SOAP}}}mustUnderstand"
TYPE = f"{{{INSTANCE}}}type"
LARGEST = 5 * 1024 * 1024


class Names:
    """The name spaces of one version of the service."""

    def __init__(self, version: str) -> None:
        self.messages, self.objects, self.base = (
            f"urn:{part}.ws.rightnow.com/{version}" for part in ("messages", "objects", "base")
        )

    @property
    def prefixes(self) -> dict[str, str]:
        return {"s": SOAP, "m": self.messages, "o": self.objects, "b": self.base, "xsi": INSTANCE}


def operation(names: Names, name: str) -> Element:
    """The element of the body; its parameters are added to it."""
    return etree.Element(f"{{{names.messages}}}{name}", nsmap=names.prefixes)


def parameter(parent: Element, name: str, value: str | bool | None = None) -> Element:
    """A child in the name space of messages, with a text where one is given. Raises `Rejected`."""
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    if value is not None:
        set_text(child, str(value).lower() if isinstance(value, bool) else value)
    return child


def set_text(element: Element, text: str) -> None:
    """Raises `Rejected` for characters that XML cannot carry."""
    try:
        element.text = text
    except ValueError:
        raise Rejected(
            f"{etree.QName(element).localname} holds a control character, which XML cannot carry.",
            cause=Cause.INVALID_DATA,
        ) from None


def wrap(names: Names, body: Element, *, user: str, password: str, application: str) -> bytes:
    """The whole envelope. The password travels as text, so only ever over TLS."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=names.prefixes)
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    client = etree.SubElement(header, f"{{{names.messages}}}ClientInfoHeader", {MUST_UNDERSTAND: "0"})
    parameter(client, "AppID", application)
    security = etree.SubElement(header, f"{{{SECURITY}}}Security", {MUST_UNDERSTAND: "1"}, nsmap={"wsse": SECURITY})
    token = etree.SubElement(security, f"{{{SECURITY}}}UsernameToken")
    parameter(token, "Username", user)
    secret = etree.SubElement(token, f"{{{SECURITY}}}Password", {"Type": PASSWORD_TEXT})
    set_text(secret, password)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(body)
    return bytes(etree.tostring(envelope, encoding="utf-8", xml_declaration=True))


def parsed(response: requests.Response) -> Element:
    """The content of the answer's body. Raises `Unavailable` for a web page, `Rejected` for what is no SOAP."""
    if is_page(response):
        raise page_error(response)
    root = parse(response.content)
    body = child(root, "Body") if root is not None and local(root) == "Envelope" else None
    if body is None or not len(body):
        raise Rejected(
            "The answer is no SOAP message, or was cut off on the way.",
            cause=Cause.REMOTE_ERROR, stage=Stage.ANSWER, status=response.status_code, maybe_done=True,
        )  # fmt: skip
    return body[0]


def parse(content: bytes) -> Element | None:
    """The document's root; None where this is no XML, too large, or has a DTD."""
    if len(content) > LARGEST or b"<!DOCTYPE" in content:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root.getroottree().docinfo.doctype else root


def local(element: Element) -> str:
    return str(etree.QName(element).localname)


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along these local names, or None."""
    for name in path:
        element = next((each for each in children(element) if local(each) == name), None)
    return element


def children(element: Element | None) -> list[Element]:
    return [] if element is None else [each for each in element if isinstance(each.tag, str)]


def text_of(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip()
