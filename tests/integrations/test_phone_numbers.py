"""Phone numbers of 50 countries: read as their plans say, and never one taken for another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.phone import match
from integrations.phone.numbers import forms_of, line_of, read

FIXTURES = Path(__file__).parent.parent / "fixtures" / "phones"
REGIONS = ["US", "DE", "JP", "BR", "MX", "AR", "IT", "RU", "AU", "GB", "", "ZZ"]


def load(name: str) -> Any:
    return yaml.safe_load((FIXTURES / f"{name}.yaml").read_text("utf-8"))


NUMBERS, OTHERS, PAIRS = load("numbers"), load("others"), load("pairs")


def writings() -> Iterator[tuple[str, str, str, str, str]]:
    """Text, region, E.164, extension, as shown."""
    for region, numbers in NUMBERS.items():
        for e164, entry in numbers.items():
            shown = entry["shown"]
            yield from ((text, region, e164, "", shown) for text in entry.get("written", ()))
            for abroad, texts in entry.get("abroad", {}).items():
                yield from ((text, abroad, e164, "", shown) for text in texts)
            yield from ((t, region, e164, ext, f"{shown} ext. {ext}") for t, ext in entry.get("ext", {}).items())


WRITINGS = list(writings())
SHORT = [(text, region) for text, regions in OTHERS["short"].items() for region in regions]
PLAIN = [*WRITINGS, *((text, region, "", "", text) for text, region in SHORT)]


def test_the_corpus_is_large_and_from_many_countries() -> None:
    assert len(WRITINGS) >= 400
    assert len(NUMBERS) >= 40


@pytest.mark.parametrize(("text", "region", "e164", "extension", "shown"), WRITINGS)
def test_a_number_is_read_by_the_plan_of_its_country(
    text: str, region: str, e164: str, extension: str, shown: str
) -> None:
    number = read(text, region)
    assert (number.e164, number.extension, number.display) == (e164, extension, shown)
    assert (number.raw, number.anonymous) == (text.strip(), False)


@pytest.mark.parametrize("text", OTHERS["anonymous"])
def test_a_withheld_number_is_known_in_every_vendors_words(text: str) -> None:
    number = read(text, "US")
    assert (number.anonymous, number.e164, number.line, number.display) == (True, "", "", "Anonymous")


@pytest.mark.parametrize(("text", "region"), SHORT)
def test_short_and_local_numbers_are_lines_of_their_own(text: str, region: str) -> None:
    number = read(text, region)
    assert (number.e164, number.anonymous, number.display) == ("", False, text)
    assert number.line.isdigit()


@pytest.mark.parametrize(("text", "line"), OTHERS["addresses"].items())
def test_an_address_is_compared_without_its_wrapping(text: str, line: str) -> None:
    assert (read(text).line, read(text).e164) == (line, "")


@pytest.mark.parametrize("text", OTHERS["words"])
def test_words_are_kept_and_match_nobody(text: str) -> None:
    number = read(text)
    assert (number.e164, number.line) == ("", "")
    assert not number.may_be(number)


@pytest.mark.parametrize(("region", "one", "other"), PAIRS["same"])
def test_two_writings_of_one_line_match(region: str, one: str, other: str) -> None:
    assert read(one, region).may_be(read(other, region))
    assert read(other, region).may_be(read(one, region))


@pytest.mark.parametrize(("region", "one", "other"), PAIRS["different"])
def test_two_lines_never_match(region: str, one: str, other: str) -> None:
    assert not read(one, region).may_be(read(other, region))
    assert not read(other, region).may_be(read(one, region))


def test_no_two_numbers_of_the_corpus_match_that_are_not_one() -> None:
    """Everything against everything, each read in its own country: one line has one meaning."""
    meanings: dict[str, set[str]] = {}
    for text, region, e164, _extension, _shown in PLAIN:
        number = read(text, region)
        meanings.setdefault(number.line, set()).add(e164 or number.line)
    mixed = {line: found for line, found in meanings.items() if len(found) > 1}
    assert mixed == {}


@pytest.mark.parametrize(("text", "region", "e164", "extension", "shown"), WRITINGS)
def test_a_directory_that_holds_a_writing_is_recognised_as_the_callers(
    text: str, region: str, e164: str, extension: str, shown: str
) -> None:
    assert match.same(text, e164, region)
    changed = e164[:-1] + str((int(e164[-1]) + 1) % 10)
    assert not match.same(text, changed, region)


@pytest.mark.parametrize("e164", [e164 for numbers in NUMBERS.values() for e164 in numbers])
def test_every_form_that_is_asked_for_is_the_same_line(e164: str) -> None:
    assert {line_of(form) for form in forms_of(e164)} == {line_of(e164)}
    for region in ("US", "DE", *phonenumbers.region_codes_for_country_code(int(phonenumbers.parse(e164).country_code))):
        written = match.spellings(e164, region)
        assert len(written) == len(set(written))
        assert all(match.same(text, e164, region) for text in written if text.startswith(("+", "00")))


@given(
    st.one_of(st.text(max_size=60), st.text("+0123456789 ()/-.,;#xpw@:<>٠０\u202a", max_size=40)),
    st.sampled_from(REGIONS),
)
@settings(max_examples=400)
@example("+" * 300, "US")
@example("tel:;phone-context=+;ext=", "US")
@example("\ud800", "US")
def test_no_text_raises_and_what_is_read_reads_the_same_again(text: str, region: str) -> None:
    number = read(text, region)
    assert isinstance(number.display, str)
    if number.e164:
        again = read(number.key, region)
        assert (again.e164, again.extension, again.line) == (number.e164, number.extension, number.line)
        assert read(number.display, region).may_be(number)
