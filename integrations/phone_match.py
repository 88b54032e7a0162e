"""Whether a phone number as somebody typed it into a directory is the number of a caller.

Directories hold free text: "+1 (800) 353-4676", "800.353.4676", "0800 1234567 ext. 12". Vendors are asked for the
usual spellings, and every row that comes back is compared here, number by number, under the rules of its country."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

SEPARATORS = (" ", "-", ".")
SHORTEST_FOR_ENDING = 7
_US_STYLES = ("({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}", "+1 ({0}) {1}-{2}", "1-{0}-{1}-{2}", "({0}){1}-{2}")


def same(text: str, e164: str, region: str) -> bool:
    """Whether a directory's text means this number.

    `region` (ISO code) is the country of numbers that carry no country code. The whole national number must agree:
    equal endings alone would take a neighbour's number in another area for the caller's."""
    if not e164.startswith("+"):
        return bool(text.strip()) and digits(text) == digits(e164) != ""
    stored = parse(text, region)
    if stored is None:  # "442079460018" in a country where that cannot be a number: country code without its plus
        return digits(text) == digits(e164)
    return _plain(stored) == e164


def spellings(e164: str, region: str, received: str = "") -> list[str]:
    """How this number is usually written in a directory, without repetitions; the number as received comes last."""
    number = parse(e164, region) if e164.startswith("+") else None
    if number is None:
        return list(dict.fromkeys(filter(None, [e164, received])))
    national = phonenumbers.national_significant_number(number)
    found = [
        e164,
        e164.removeprefix("+"),
        f"00{e164.removeprefix('+')}",
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
    ]
    if phonenumbers.country_code_for_region(region) == number.country_code:
        local = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        found += [national, local, digits(local), re.sub(r"[^\d]+", "-", local.strip("("))]
    if number.country_code == 1 and len(national) == 10:
        found += [style.format(national[:3], national[3:6], national[6:]) for style in _US_STYLES]
    return list(dict.fromkeys(filter(None, [*found, received])))


def endings(e164: str) -> list[str]:
    """The last four digits as they may end a text, written together or in pairs; empty for numbers too short."""
    last = digits(e164)[-4:]
    if len(digits(e164)) < SHORTEST_FOR_ENDING:
        return []
    return [last, *(f"{last[:2]}{separator}{last[2:]}" for separator in SEPARATORS)]


def parse(text: str, region: str) -> PhoneNumber | None:
    """A possible number, or None. `00` in front counts as `+` in every country."""
    cleaned = re.sub(r"^\s*00(?=[1-9])", "+", text)
    try:
        number = phonenumbers.parse(cleaned, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _plain(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)
