"""An identity provider's answer, read strictly: everything that is used comes from the one signed assertion.

`python3-saml` goes first (schema, exactly one assertion, signature by a certificate of the account and not by one that
the answer brings along, issuer, times). What it leaves open is checked here, on the same element."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from integrations.capabilities import SignOnRefused

from . import NAMESPACES, TRANSIENT

LONGEST = 500_000  # characters of base64
LONGEST_LIFE = timedelta(days=1)  # used answers are remembered for longer than this
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SIGNATURES = {
    f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    for name in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
}
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}
TRANSFORMS = {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"}
HINTS = {
    ValidationError.INVALID_SIGNATURE: "No certificate of the account fits: was it changed at the identity provider?",
    ValidationError.WRONG_AUDIENCE: "At the identity provider, the audience must be our entity id.",
    ValidationError.WRONG_SUBJECTCONFIRMATION: "It is meant for another address (recipient), or its time is over.",
    ValidationError.NO_SIGNED_ASSERTION: "Have the identity provider sign the assertion, not only the response.",
    ValidationError.STATUS_CODE_IS_NOT_SUCCESS: "These are the identity provider's own words.",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The two sides: who we are, who may vouch for people, and with which keys (PEM)."""

    entity_id: str
    acs_url: str
    issuer: str
    sso_url: str
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What the identity provider vouches for. `request_id` is empty where it answers no request of ours."""

    id: str
    subject: str
    lasting: bool
    request_id: str
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def validated(encoded: str, agreement: Agreement) -> Assertion:
    """The assertion of a base64 answer that arrived at our address by POST. Raises `SignOnRefused`."""
    if len(encoded) > LONGEST:
        raise SignOnRefused("The answer is too long to be one.")
    response = _verified(encoded, agreement)
    document = response.get_xml_document()
    _check_ids(document)
    _check_destination(document, agreement)
    assertion = document.find("saml:Assertion", NAMESPACES)
    _check_signature(assertion)
    _check_audience(assertion, agreement)
    subject, lasting = _subject(assertion)
    return Assertion(
        id=assertion.get("ID"),
        subject=subject,
        lasting=lasting,
        request_id=_request_id(document, _confirmation(assertion, agreement)),
        attributes=_attributes(response),
    )


def _verified(encoded: str, agreement: Agreement) -> OneLogin_Saml2_Response:
    address = urlsplit(agreement.acs_url)
    here = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
    }
    try:
        response = OneLogin_Saml2_Response(OneLogin_Saml2_Settings(_settings(agreement)), encoded)
        response.is_valid(here, raise_exceptions=True)
    except ValidationError as error:
        raise SignOnRefused(_words(error)) from None
    except Exception as error:  # the library and the two below it raise what they like at broken input
        raise SignOnRefused(f"The answer cannot be read: {type(error).__name__}.") from None
    return response


def _settings(agreement: Agreement) -> dict[str, Any]:
    return {
        "strict": True,
        "debug": False,
        "sp": {"entityId": agreement.entity_id, "assertionConsumerService": {"url": agreement.acs_url}},
        "idp": {
            "entityId": agreement.issuer,
            "singleSignOnService": {"url": agreement.sso_url},
            "x509certMulti": {"signing": list(agreement.certificates)},
        },
        "security": {
            "wantAssertionsSigned": True,
            "rejectDeprecatedAlgorithm": True,
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": True,
            "requestedAuthnContext": False,
            "allowSingleLabelDomains": True,
        },
    }


def _words(error: ValidationError) -> str:
    """The library's message, without its "rejected", and what to look at."""
    said = str(error).replace("SAML Response rejected", "").strip(" .")
    return " ".join(part for part in (f"{said[:400]}.", HINTS.get(error.code, "")) if part)


def _check_ids(document: etree._Element) -> None:
    """A signature names its element by id: two elements with one id would be one signed and one used."""
    ids = [element.get("ID") for element in document.iter() if element.get("ID")]
    if len(ids) != len(set(ids)):
        raise SignOnRefused("Two elements of the answer have the same ID.")


def _check_destination(document: etree._Element, agreement: Agreement) -> None:
    destination = document.get("Destination")
    if destination is not None and destination != agreement.acs_url:
        raise SignOnRefused(f"The answer is meant for {destination[:200]}, and this is {agreement.acs_url}.")


def _check_signature(assertion: etree._Element) -> None:
    """One reference, to the assertion itself, by algorithms of the list (Core 5.4)."""
    signature = assertion.find("ds:Signature", NAMESPACES)
    references = signature.findall("ds:SignedInfo/ds:Reference", NAMESPACES) if signature is not None else []
    if len(references) != 1 or references[0].get("URI") != f"#{assertion.get('ID')}":
        raise SignOnRefused("The assertion is not signed by a signature of its own.")
    used = {
        "ds:SignedInfo/ds:SignatureMethod": SIGNATURES,
        "ds:SignedInfo/ds:Reference/ds:DigestMethod": DIGESTS,
        "ds:SignedInfo/ds:CanonicalizationMethod": TRANSFORMS,
        "ds:SignedInfo/ds:Reference/ds:Transforms/ds:Transform": TRANSFORMS,
    }
    for path, allowed in used.items():
        for element in signature.findall(path, NAMESPACES):
            if element.get("Algorithm") not in allowed:
                raise SignOnRefused(f"The signature uses {element.get('Algorithm')}, which is not accepted.")


def _check_audience(assertion: etree._Element, agreement: Agreement) -> None:
    """Each restriction must name us, and there must be one (Profiles 4.1.4.2)."""
    restrictions = assertion.findall("saml:Conditions/saml:AudienceRestriction", NAMESPACES)
    if not restrictions:
        raise SignOnRefused("The assertion does not say for whom it is (no audience).")
    for restriction in restrictions:
        named = [_text(audience) for audience in restriction.findall("saml:Audience", NAMESPACES)]
        if agreement.entity_id not in named:
            raise SignOnRefused(
                f"The assertion is meant for {', '.join(named)[:200]}, and we are {agreement.entity_id}."
            )


def _confirmation(assertion: etree._Element, agreement: Agreement) -> etree._Element:
    """The bearer confirmation that is meant for this address and still holds (Profiles 4.1.4.2)."""
    told = "The assertion has no bearer confirmation."
    for data in _bearer_data(assertion):
        ends = parse_datetime(data.get("NotOnOrAfter") or "")
        if data.get("Recipient") != agreement.acs_url:
            told = f"The recipient is {str(data.get('Recipient'))[:200]}, and this is {agreement.acs_url}."
        elif ends is None or ends.tzinfo is None:
            told = "The confirmation has no end (NotOnOrAfter)."
        elif ends <= timezone.now():
            told = "The confirmation has ended. Check the clocks of both systems."
        elif ends > timezone.now() + LONGEST_LIFE:
            told = "The confirmation holds for more than a day, which is too long."
        else:
            return data
    raise SignOnRefused(told)


def _bearer_data(assertion: etree._Element) -> Iterator[etree._Element]:
    for confirmation in assertion.findall("saml:Subject/saml:SubjectConfirmation", NAMESPACES):
        data = confirmation.find("saml:SubjectConfirmationData", NAMESPACES)
        if confirmation.get("Method") == BEARER and data is not None:
            yield data


def _request_id(document: etree._Element, confirmation: etree._Element) -> str:
    """The request that is answered: named inside the assertion, where it is signed, and outside, alike."""
    inside, outside = confirmation.get("InResponseTo"), document.get("InResponseTo")
    if inside != outside:
        raise SignOnRefused("The answer and its assertion do not name the same request (InResponseTo).")
    return inside or ""


def _subject(assertion: etree._Element) -> tuple[str, bool]:
    name = assertion.find("saml:Subject/saml:NameID", NAMESPACES)
    text = _text(name) if name is not None else ""
    if not text or len(text) > 255:
        raise SignOnRefused("The assertion names nobody (no NameID), or by a name that is too long.")
    return text, name.get("Format") != TRANSIENT


def _text(element: etree._Element) -> str:
    """All of the text, so that nothing inside can cut a name short (`admin<!-- -->@example.com`)."""
    if len(element):
        raise SignOnRefused("A name in the assertion is not plain text.")
    return "".join(element.itertext()).strip()


def _attributes(response: OneLogin_Saml2_Response) -> dict[str, tuple[str, ...]]:
    """Values by attribute name and by friendly name, in small letters."""
    found: dict[str, tuple[str, ...]] = {}
    for named in (response.get_friendlyname_attributes(), response.get_attributes()):
        for name, values in named.items():
            found[name.strip().lower()] = tuple(value for value in values if isinstance(value, str))
    return found
