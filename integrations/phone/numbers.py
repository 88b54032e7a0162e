"""Reading phone numbers: E.164 beside the text as received, the extension, and which line it is.

Two numbers are the same line when their `line` is equal and not empty. Some lines have two numbers in E.164, because a
country changed its plan and old directories, gateways and SIM cards did not:

* Brazil: mobiles got a ninth digit, a 9 in front (Anatel, resolution 553/2010, done in 2016).
* Argentina: mobiles are +54 9 from abroad, 15 after the area code at home, and often stored without either.
* Mexico: +52 1 before mobiles, 01, 044 and 045 at home ended in August 2019 (IFT).

Numbers without an area code, internal extensions and short codes have no E.164; they are lines of their own."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, ValidationResult

from .text import Core, core

LONGEST_SHORT = 6
SHORTEST_WITHOUT_TRUNK = 8
# An open plan (more than two lengths) cannot tell a number without its area code from one without its trunk zero.
SHORTEST_IN_OPEN_PLAN = 10
CLOSED_LENGTHS = 2
MEXICAN_HABITS = re.compile(r"^(?:01|04[45])(?=\d{10}$)")
MEXICAN_MOBILE = re.compile(r"^\+521(?=\d{10}$)")
BRAZILIAN_OLD_MOBILE = re.compile(r"^(\+55[1-9]\d)([6-9]\d{7})$")
BRAZILIAN_MOBILE = re.compile(r"^(\+55[1-9]\d)9([6-9]\d{7})$")
ARGENTINE_MOBILE = re.compile(r"^\+549(?=\d{10}$)")
# Ways to dial abroad that arrive from anywhere; a country's own way is tried first.
ABROAD = re.compile(r"^(?:\+?00|011|0011|810|8~10|010)(?=[1-9])")
WITHOUT_PLUS = re.compile(r"[1-9]\d{9,14}")
NO_LETTERS = re.compile(r"[\W\d_]*")
MOST_EXTENSION = 20


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`raw` as received; `e164` like "+14155550132", empty where the text is no full number.

    `line` is what to compare, empty where nothing can be compared; it has no extension."""

    raw: str
    e164: str = ""
    anonymous: bool = False
    extension: str = ""
    line: str = ""

    @property
    def key(self) -> str:
        """What to store: E.164 with the extension as RFC 3966 writes it, else the text itself."""
        if not self.e164:
            return self.raw
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164

    @property
    def plain(self) -> str:
        """The number without its extension: E.164, else the text itself."""
        return self.e164 or self.raw

    @property
    def display(self) -> str:
        """For people: international format, the text where there is none, or "Anonymous"."""
        if self.anonymous:
            return "Anonymous"
        if not self.e164:
            return self.raw
        shown = phonenumbers.format_number(phonenumbers.parse(self.e164), PhoneNumberFormat.INTERNATIONAL)
        return f"{shown} ext. {self.extension}" if self.extension else shown

    def may_be(self, other: "PhoneNumber") -> bool:
        """Whether both mean one line. Two different extensions of a switchboard do not; its number without an
        extension may be any of them, because calls from behind it often show no more than that."""
        same_line = bool(self.line) and self.line == other.line
        return same_line and (self.extension == other.extension or not (self.extension and other.extension))


@lru_cache(maxsize=8192)
def read(text: str | None, region: str = "US") -> PhoneNumber:
    """Read a number as it came: with separators, 00 or trunk zero, as a SIP address, or not a number at all.

    `region` (ISO code) is the country of numbers without a country code. Never raises, whatever the text is."""
    raw = (text or "").strip()
    found = core(raw)
    if found.anonymous:
        return PhoneNumber(raw, anonymous=True)
    if found.host:
        return PhoneNumber(raw, line=f"{found.number.casefold()}@{found.host}"[:120])
    parsed = _read_core(found, region)
    if parsed is None:
        return PhoneNumber(raw, line=digits(found.number) if NO_LETTERS.fullmatch(found.number) else "")
    e164 = MEXICAN_MOBILE.sub("+52", _plain(parsed))
    return PhoneNumber(raw, e164, extension=digits(found.extension)[:MOST_EXTENSION], line=line_of(e164))


def _read_core(found: Core, region: str) -> Any:
    if found.letters:
        number = _full(found.letters, region)
        return number if number is not None and _exists(number) else None
    number = _parse(found.prefix + found.number, region) if found.prefix else None
    return number or _parse(found.number, region)


def line_of(e164: str) -> str:
    """One spelling for all numbers in E.164 that reach the same line."""
    if e164.startswith("+55"):
        return BRAZILIAN_OLD_MOBILE.sub(r"\g<1>9\g<2>", e164)
    if e164.startswith("+54"):
        return ARGENTINE_MOBILE.sub("+54", e164)
    return MEXICAN_MOBILE.sub("+52", e164)


def forms_of(e164: str) -> list[str]:
    """Every number in E.164 under which a directory may hold this line, the given one first."""
    found = [e164, line_of(e164)]
    if BRAZILIAN_MOBILE.match(line_of(e164)):
        found.append(BRAZILIAN_MOBILE.sub(r"\1\2", line_of(e164)))
    if e164.startswith("+54") and len(line_of(e164)) == len("+541123456789"):
        found.append(f"+549{line_of(e164)[3:]}")
    if e164.startswith("+52") and len(line_of(e164)) == len("+525512345678"):
        found.append(f"+521{line_of(e164)[3:]}")
    return list(dict.fromkeys(found))


def digits(text: str) -> str:
    """The decimal digits of any script, as 0 to 9."""
    return "".join(str(int(c)) for c in text if c.isdecimal())


def _parse(text: str, region: str) -> Any:
    """The number under the rules of the region; where these give none that exists, under those of other habits."""
    own = _full(text, region)
    if own is not None and _exists(own):
        return own
    others = [_full(other, region) for other in _other_habits(text, region)]
    possible = [number for number in others if number is not None]
    existing = (number for number in possible if _exists(number))
    return next(existing, own or next(iter(possible), None))


def _other_habits(text: str, region: str) -> list[str]:
    """The text with a plus where its writer dialled or meant one."""
    plain = re.sub(r"(?<=[\d.\s)+/-])\(0\)|^\(\+", lambda match: "+" if match[0] == "(+" else "", text)
    compact = re.sub(r"^\+*\s*\+", "+", re.sub(r"[\s().-]", "", plain))
    found = [plain, compact, ABROAD.sub("+", compact)]
    if WITHOUT_PLUS.fullmatch(compact) and _too_long(compact, region):
        found.append(f"+{compact}")
    return [other for other in dict.fromkeys(found) if other != text]


def _too_long(text: str, region: str) -> bool:
    """Whether the digits are too many for a number of this country, so that they begin with a country code."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number_with_reason(number) == ValidationResult.TOO_LONG)


def _full(text: str, region: str) -> Any:
    """A possible number with its area code, or None."""
    text = _as_written_at_home(text, region)
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(_without_mexican_one(number)) != ValidationResult.IS_POSSIBLE:
        return None
    return number if _is_international(number) or _has_area_code(number, region) else None


def _as_written_at_home(text: str, region: str) -> str:
    plain = digits(text)
    if region == "MX" and MEXICAN_HABITS.match(plain):
        return MEXICAN_HABITS.sub("", plain)
    code = str(phonenumbers.country_code_for_region(region))
    if _is_open(region) and WITHOUT_PLUS.fullmatch(text) and text.startswith(code):
        return f"+{text}"  # what a gateway sends as 4930...: with the area code 0493 it would begin with a zero
    return text


def _without_mexican_one(number: Any) -> Any:
    e164 = _plain(number)
    return phonenumbers.parse(MEXICAN_MOBILE.sub("+52", e164)) if MEXICAN_MOBILE.match(e164) else number


def _is_international(number: Any) -> bool:
    return bool(number.country_code_source != phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY)


def _has_area_code(number: Any, region: str) -> bool:
    """Whether a number without country code is a whole one. Where numbers begin with a trunk prefix and this one does
    not, it may be a neighbour's number without area code, or an internal one: then it has to be long, and to exist."""
    metadata: Any = PhoneMetadata.metadata_for_region(region, None)
    national = phonenumbers.national_significant_number(number)
    trunk = metadata.national_prefix if metadata else None
    written = digits(str(number.raw_input))
    if not trunk or (written.startswith(trunk) and not national.startswith(trunk)):
        return len(national) > LONGEST_SHORT or _exists(number)
    shortest = SHORTEST_IN_OPEN_PLAN if _is_open(region) else SHORTEST_WITHOUT_TRUNK
    return len(national) >= shortest and (_exists(number) or number.country_code == 1)


def _exists(number: Any) -> bool:
    """Whether the plan has such a number, or had it before its line got another one."""
    if phonenumbers.is_valid_number(number):
        return True
    line = line_of(_plain(number))
    return line != _plain(number) and bool(phonenumbers.is_valid_number(phonenumbers.parse(line)))


@lru_cache(maxsize=256)
def _is_open(region: str) -> bool:
    metadata: Any = PhoneMetadata.metadata_for_region(region, None)
    lengths = metadata.fixed_line.possible_length if metadata and metadata.national_prefix else ()
    return len([length for length in lengths if length > 0]) > CLOSED_LENGTHS


def _plain(number: Any) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
