"""Phone numbers: E.164 beside the raw text. Anonymous and odd numbers never raise."""

import re
from dataclasses import dataclass

import phonenumbers

ANONYMOUS = {"", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld", "asserted", "+266696687"}
SIP = re.compile(r"^(?:sips?:|tel:)?([^@;>]*)(?:@.*|;.*|>.*)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`raw` as received; `e164` like "+14155550132", empty where the text is no full number."""

    raw: str
    e164: str = ""
    anonymous: bool = False

    @property
    def key(self) -> str:
        """What to store and look up by: E.164, else the text itself."""
        return self.e164 or self.raw

    @property
    def display(self) -> str:
        """For people: international format, the text where there is none, or "Anonymous"."""
        if self.anonymous:
            return "Anonymous"
        if not self.e164:
            return self.raw
        return phonenumbers.format_number(phonenumbers.parse(self.e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def normalise(text: str | None, region: str = "US") -> PhoneNumber:
    """Read a number as it came: with separators, 00 or trunk zero, as a SIP address, or not a number at all."""
    raw = (text or "").strip()
    match = SIP.match(raw)
    user = (match.group(1) if match else raw).strip().strip('"<>')
    if user.lower() in ANONYMOUS:
        return PhoneNumber(raw, anonymous=True)
    try:
        number = phonenumbers.parse(user, region)
    except phonenumbers.NumberParseException:
        return PhoneNumber(raw)
    if not phonenumbers.is_possible_number(number):
        return PhoneNumber(raw)
    return PhoneNumber(raw, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)
