"""Comparing phone numbers as people type them into directories.

A directory holds "(800) 353-4676", "800.353.4676", "0800 1234567 ext. 12". Vendors are asked for the usual spellings,
and every row that comes back is compared here, number by number, under the rules of its country."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from .numbers import digits, forms_of, read

__all__ = ["digits", "e164_forms", "endings", "nationals", "parse", "same", "spellings", "wanted"]
SEPARATORS = (" ", "-", ".")
SHORTEST_FOR_ENDING = 7
_US_STYLES = ("({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}", "+1 ({0}) {1}-{2}", "1-{0}-{1}-{2}", "({0}){1}-{2}")


def wanted(e164: str, received: str, region: str) -> str:
    """The number to look for: E.164 with the extension that was received, else the text itself."""
    extension = read(received, region).extension if e164 and ";ext=" not in e164 else ""
    return f"{e164};ext={extension}" if extension else e164 or received


def same(text: str, number: str, region: str) -> bool:
    """Whether a directory's text means this number (E.164, or a short one as received).

    `region` (ISO code) is the country of numbers that carry no country code. The whole national number must agree:
    equal endings alone would take a neighbour's number in another area for the caller's."""
    return read(text, region).may_be(read(number, region))


def spellings(number: str, region: str, received: str = "") -> list[str]:
    """How this number is usually written in a directory, without repetitions; the number as received comes last."""
    e164 = read(number, region).e164
    found = [text for form in forms_of(e164) for text in _written(form, region)] if e164 else [number]
    return list(dict.fromkeys(filter(None, [*found, received])))


def _written(e164: str, region: str) -> list[str]:
    number = phonenumbers.parse(e164)
    national = phonenumbers.national_significant_number(number)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    found = [e164, e164.removeprefix("+"), f"00{e164.removeprefix('+')}", international]
    if phonenumbers.country_code_for_region(region) == number.country_code:
        local = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        found += [national, local, digits(local), re.sub(r"[^\d]+", "-", local.strip("("))]
    if number.country_code == 1 and len(national) == 10:
        found += [style.format(national[:3], national[3:6], national[6:]) for style in _US_STYLES]
    return found


def e164_forms(number: str, region: str) -> list[str]:
    """Every number in E.164 under which this line may be stored; none for short numbers and addresses."""
    e164 = read(number, region).e164
    return forms_of(e164) if e164 else []


def nationals(number: str, region: str) -> list[str]:
    """The number without country code, of every form under which the line may be stored: what spellings have in
    common. The digits alone where it has no country code."""
    e164 = read(number, region).e164
    if not e164:
        return list(filter(None, [digits(number)]))
    return [phonenumbers.national_significant_number(phonenumbers.parse(form)) for form in forms_of(e164)]


def endings(number: str) -> list[str]:
    """The last four digits as they may end a text, written together or in pairs; empty for numbers too short."""
    plain = digits(number.partition(";")[0])
    last = plain[-4:]
    if len(plain) < SHORTEST_FOR_ENDING:
        return []
    return [last, *(f"{last[:2]}{separator}{last[2:]}" for separator in SEPARATORS)]


def parse(text: str, region: str) -> PhoneNumber | None:
    """A full number, or None."""
    e164 = read(text, region).e164
    return phonenumbers.parse(e164) if e164 else None
