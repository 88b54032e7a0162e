"""SOAP 1.1, the receiving side: requests are checked against the schemas, answers and faults written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from starlette.responses import Response

Element = Any  # lxml has no type stubs

HERE = Path(__file__).resolve().parent
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PASSWORD_TEXT = "#PasswordText"  # noqa: S105
MESSAGES = "urn:messages.ws.rightnow.com/v1_4"
FAULTS = "urn:faults.ws.rightnow.com/v1_4"
OBJECTS = "urn:objects.ws.rightnow.com/v1_4"
BASE = "urn:base.ws.rightnow.com/v1_4"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
PREFIXES = {"soapenv": SOAP, "m": MESSAGES, "o": OBJECTS, "b": BASE, "xsi": INSTANCE}
SCHEMAS = ("base", "objects", "messages", "faults")
XML = "text/xml; charset=utf-8"


class Refused(Exception):
    """A fault with the vendor's code."""

    def __init__(self, code: str, message: str, *, kind: str = "RequestErrorFault") -> None:
        super().__init__(message)
        self.code, self.kind = code, kind


@dataclass(frozen=True)
class Call:
    """A request that fits the schemas: who calls, and the operation's element."""

    user: str
    password: str
    application: str
    element: Element

    @property
    def operation(self) -> str:
        return str(etree.QName(self.element).localname)

    def text(self, name: str) -> str:
        return str(self.element.findtext(f"{{{MESSAGES}}}{name}") or "")

    def objects(self) -> list[Element]:
        return list(self.element.findall(f"{{{MESSAGES}}}RNObjects"))

    def option(self, name: str) -> bool:
        return self.element.findtext(f"{{{MESSAGES}}}ProcessingOptions/{{{MESSAGES}}}{name}") in ("true", "1")


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.parse(str(HERE / "messages.xsd")))


def read(content: bytes) -> Call:
    """Raises `Refused` for what is no envelope, lacks a header or does not fit the schemas."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Refused("MISSING_ARGUMENT", f"The request is not XML: {error.msg}") from None
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None or not len(body):
        raise Refused("MISSING_ARGUMENT", "The request is no SOAP envelope")
    checks = schema()
    if not checks.validate(body[0]):
        raise Refused("INVALID_FIELD", str(checks.error_log.last_error.message))
    return Call(*credentials(root), application_of(root), body[0])


def credentials(root: Element) -> tuple[str, str]:
    token = root.find(f"{{{SOAP}}}Header/{{{SECURITY}}}Security/{{{SECURITY}}}UsernameToken")
    if token is None:
        raise Refused("INVALID_LOGIN", "A UsernameToken is required")
    password = token.find(f"{{{SECURITY}}}Password")
    if password is None or not str(password.get("Type", "")).endswith(PASSWORD_TEXT):
        raise Refused("INVALID_LOGIN", "A Password of the type PasswordText is required")
    return str(token.findtext(f"{{{SECURITY}}}Username") or ""), str(password.text or "")


def application_of(root: Element) -> str:
    return str(root.findtext(f"{{{SOAP}}}Header/{{{MESSAGES}}}ClientInfoHeader/{{{MESSAGES}}}AppID") or "").strip()


# -- answers


def message(name: str) -> Element:
    return etree.Element(f"{{{MESSAGES}}}{name}", nsmap=PREFIXES)


def add(parent: Element, name: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, f"{{{MESSAGES}}}{name}")
    child.text = text
    return child


def result(name: str, found: list[Element]) -> Element:
    response = message(name)
    held = add(response, "RNObjectsResult")
    for element in found:
        held.append(element)
    return response


def answer(content: Element, *, status: int = 200) -> Response:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=PREFIXES)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(content)
    text = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return Response(text, status, headers={"Content-Type": XML})


def fault(kind: str, code: str, words: str, *, status: int = 500) -> Response:
    content = etree.Element(f"{{{SOAP}}}Fault", nsmap={"soapenv": SOAP, "rnf": FAULTS})
    side = "Client" if kind == "RequestErrorFault" else "Server"
    etree.SubElement(content, "faultcode").text = f"soapenv:{side}"
    etree.SubElement(content, "faultstring").text = words
    told = etree.SubElement(etree.SubElement(content, "detail"), f"{{{FAULTS}}}{kind}")
    etree.SubElement(told, f"{{{FAULTS}}}exceptionCode").text = code
    etree.SubElement(told, f"{{{FAULTS}}}exceptionMessage").text = words
    return answer(content, status=status)


def description(address: str) -> Response:
    text = (HERE / "service.wsdl").read_text().replace("{address}", address)
    return Response(text, headers={"Content-Type": XML})


def schema_file(name: str) -> Response:
    if name not in SCHEMAS:
        return Response("There is no such schema.", 404)
    return Response((HERE / f"{name}.xsd").read_text(), headers={"Content-Type": XML})
