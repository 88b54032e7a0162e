"""Numbers as people type them into directories."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.phone import match


@pytest.mark.parametrize(
    ("text", "e164", "region"),
    [
        ("+14155550132", "+14155550132", "US"),
        ("(415) 555-0132", "+14155550132", "US"),
        ("1-415-555-0132", "+14155550132", "US"),
        ("14155550132", "+14155550132", "US"),
        ("415.555.0132 x12", "+14155550132", "US"),
        ("+1 415 555 0137 ext. 22", "+14155550137", "US"),
        ("0014155550132", "+14155550132", "DE"),
        ("011 44 20 7946 0018", "+442079460018", "US"),
        ("+44 (0)20 7946 0018", "+442079460018", "US"),
        ("020 7946 0018", "+442079460018", "GB"),
        ("442079460018", "+442079460018", "US"),
        ("030 / 901820-11", "+493090182011", "DE"),
        ("03-5555-0102", "+81355550102", "JP"),
        ("1001", "1001", "US"),
    ],
)
def test_the_same_number_is_recognised_however_it_is_written(text: str, e164: str, region: str) -> None:
    assert match.same(text, e164, region)


@pytest.mark.parametrize(
    ("text", "e164", "region"),
    [
        ("4155550132", "+494155550132", "US"),  # the same national digits in another country
        ("020 7946 0018", "+442079460018", "US"),  # a trunk zero means nothing in the United States
        ("(415) 555-0132", "+14155550132", "DE"),
        ("555-0132", "+14155550132", "US"),  # without its area code it could be anybody's
        ("+1 212 555 0132", "+14155550132", "US"),
        ("0132", "+14155550132", "US"),
        ("", "+14155550132", "US"),
        ("", "", "US"),
        ("call the desk", "+14155550132", "US"),
    ],
)
def test_another_number_is_not_taken_for_the_callers(text: str, e164: str, region: str) -> None:
    assert not match.same(text, e164, region)


def test_the_usual_spellings_of_a_us_number_are_asked_for() -> None:
    spellings = match.spellings("+18003534676", "US", "8003534676")
    wanted = ["+18003534676", "8003534676", "(800) 353-4676", "800-353-4676", "800.353.4676", "+1 (800) 353-4676"]
    assert set(wanted) <= set(spellings)
    assert "1-800-353-4676" in spellings
    assert len(spellings) == len(set(spellings))


def test_national_spellings_are_left_out_for_a_foreign_number() -> None:
    assert "020 7946 0018" in match.spellings("+442079460018", "GB")
    assert "020 7946 0018" not in match.spellings("+442079460018", "US")


def test_an_extension_is_asked_for_as_it_is_and_never_by_its_ending() -> None:
    assert match.spellings("1001", "US", "1001") == ["1001"]
    assert match.endings("1001") == []


def test_the_ending_is_asked_for_together_and_in_pairs() -> None:
    assert match.endings("+33142685300") == ["5300", "53 00", "53-00", "53.00"]


@given(st.text(max_size=40), st.text(max_size=20), st.sampled_from(["US", "DE", "JP"]))
def test_odd_text_never_raises(text: str, number: str, region: str) -> None:
    match.same(text, number, region)
    match.spellings(number, region, text)
    match.endings(number)


@given(st.integers(min_value=2_012_000_000, max_value=9_899_999_999))
def test_every_spelling_that_is_asked_for_is_recognised_again(national: int) -> None:
    e164 = f"+1{national}"
    if match.parse(e164, "US") is None:
        return
    assert all(match.same(text, e164, "US") for text in match.spellings(e164, "US"))
