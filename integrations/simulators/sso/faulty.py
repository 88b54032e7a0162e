"""Answers with something wrong in them, one per fault: what a strict service provider has to refuse."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from lxml import etree

from . import keys
from .answers import SHA1, SPACES, Facts, Signing, document, fresh_id

Make = Callable[[Facts, Signing], etree._Element]
ELSEWHERE = "https://elsewhere.example.com"


def bent(**changes: str | timedelta) -> Make:
    """An answer that is signed as it should be and states something else."""
    return lambda facts, signing: document(facts.bent(**changes), signing)


def recipient_around(facts: Facts, signing: Signing) -> etree._Element:
    """Our address is a part of the recipient's."""
    return document(facts.bent(recipient=f"{ELSEWHERE}/?to={facts.acs}"), signing)


def unsigned(facts: Facts, signing: Signing) -> etree._Element:
    return document(facts, replace(signing, assertion=False, response=False))


def response_signed_only(facts: Facts, signing: Signing) -> etree._Element:
    return document(facts, replace(signing, assertion=False))


def sha1(facts: Facts, signing: Signing) -> etree._Element:
    return document(facts, replace(signing, algorithms=SHA1))


def wrong_certificate(facts: Facts, signing: Signing) -> etree._Element:
    return document(facts, replace(signing, pair=keys.stranger()))


def rotated_certificate(facts: Facts, signing: Signing) -> etree._Element:
    return document(facts, replace(signing, pair=keys.published_next()))


def tampered(facts: Facts, signing: Signing) -> etree._Element:
    """Another name was written into it after signing."""
    answer = document(facts, signing)
    _name_somebody_else(answer)
    return answer


def _name_somebody_else(element: etree._Element) -> None:
    for name in element.iterfind(".//saml:NameID", SPACES):
        name.text = "admin"


def wrapped(facts: Facts, signing: Signing) -> etree._Element:
    """The signed assertion is kept inside another one, which names somebody else."""
    answer = document(facts, replace(signing, response=False))
    genuine = answer[-1]
    forged = copy.deepcopy(genuine)
    forged.set("ID", fresh_id())
    forged.remove(forged[1])
    _name_somebody_else(forged)
    answer.replace(genuine, forged)
    extensions = etree.Element(f"{{{SPACES['samlp']}}}Extensions")
    extensions.append(genuine)
    answer.insert(1, extensions)
    return answer


def entities(facts: Facts, signing: Signing) -> etree._Element:
    """The document brings its own document type."""
    text = etree.tostring(document(facts, signing))
    return etree.fromstring(b'<!DOCTYPE Response [<!ENTITY who "admin">]>' + text)


FAULTS: dict[str, Make] = {
    "wrong_certificate": wrong_certificate,
    "rotated_certificate": rotated_certificate,
    "expired_assertion": bent(begins=timedelta(hours=-2), ends=timedelta(hours=-1)),
    "not_yet_valid": bent(begins=timedelta(hours=1), ends=timedelta(hours=2)),
    "wrong_audience": bent(audience=ELSEWHERE),
    "no_audience": bent(audience=""),
    "wrong_recipient": bent(recipient=ELSEWHERE),
    "recipient_around": recipient_around,
    "wrong_destination": bent(destination=ELSEWHERE),
    "no_in_response_to": bent(request_id=""),
    "other_request": bent(request_id=fresh_id()),
    "other_issuer": bent(issuer=f"{ELSEWHERE}/idp"),
    "unsigned": unsigned,
    "response_signed_only": response_signed_only,
    "sha1": sha1,
    "tampered": tampered,
    "wrapped": wrapped,
    "document_type": entities,
}
