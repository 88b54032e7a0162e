"""The form fields that providers share."""

from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from integrations.properties import SecretField, SecretTextarea
from integrations.property_fields import (
    CaCertificateField,
    PatternField,
    ReasonCodesField,
    VendorUrlField,
    codes_by_reason,
)
from integrations.providers import registry
from tests.simulators import certificate


class ReasonsForm(forms.Form):
    mapping = ReasonCodesField(label="Reason codes mapping", required=False, initial=())


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/feed?site=1",
        "http://wfm:8080/rta",
        "http://10.1.2.3/",
        "https://[2001:db8::1]:8443/x",
        "https://wfm.example.com",
    ],
)
def test_addresses_of_the_internet_and_of_a_company_network_are_taken(address: str) -> None:
    assert VendorUrlField().clean(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "example.com",
        "ftp://example.com",
        "https://user:hidden@example.com/",
        "https://example.com/#part",
        "https://",
        "https://exa mple.com/",
        "https://example.com:port/",
        "https://example.com:0/",
        "https://example.com\\@elsewhere.example/",
        "javascript:alert(1)",
        "https://-a-.example.com/",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        VendorUrlField().clean(address)


@pytest.mark.parametrize(
    ("typed", "field", "shown"),
    [
        ("wfm.example.com/rta", VendorUrlField(), "https://wfm.example.com/rta"),
        ("wfm:8080", VendorUrlField(), "https://wfm:8080"),
        ("stream.example.com", VendorUrlField(wss_only=True), "wss://stream.example.com"),
    ],
)
def test_an_address_without_its_beginning_is_shown_with_it(typed: str, field: VendorUrlField, shown: str) -> None:
    with pytest.raises(ValidationError, match=f"The beginning is missing: {shown}"):
        field.clean(typed)


def test_a_refused_address_does_not_repeat_the_password_in_it() -> None:
    with pytest.raises(ValidationError) as refusal:
        VendorUrlField().clean("https://user:canary-in-url@example.com/")
    assert "canary-in-url" not in str(refusal.value)


def test_an_instance_is_stored_as_its_origin() -> None:
    field = VendorUrlField(https_only=True, origin_only=True)
    assert field.clean(" https://Dev12345.service-now.com/ ") == "https://dev12345.service-now.com"
    with pytest.raises(ValidationError, match="https"):
        field.clean("http://dev12345.service-now.com")
    with pytest.raises(ValidationError, match="Only the host"):
        field.clean("https://dev12345.service-now.com/nav_to.do")


def test_reasons_and_codes_come_from_the_rows_of_the_page() -> None:
    page = QueryDict(
        "mapping-reason=Lunch&mapping-code=12&mapping-reason=+Break+&mapping-code=13&mapping-reason=&mapping-code="
    )
    form = ReasonsForm(page)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["mapping"] == [{"reason": "Lunch", "code": 12}, {"reason": "Break", "code": 13}]


def test_reasons_and_codes_come_as_they_are_from_an_import() -> None:
    form = ReasonsForm({"mapping": [{"reason": "Lunch", "code": 0}]})
    assert form.is_valid(), form.errors
    assert codes_by_reason(form.cleaned_data["mapping"]) == {"lunch": 0}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"reason": "Lunch", "code": "twelve"}], "whole number"),
        ([{"reason": "Lunch", "code": "-1"}], "whole number"),
        ([{"reason": "Lunch", "code": "65536"}], "whole number"),
        ([{"reason": "Lunch", "code": ""}], "whole number"),
        ([{"reason": "", "code": "5"}], "no reason"),
        ([{"reason": "Lunch", "code": 1}, {"reason": "LUNCH ", "code": 2}], "listed twice"),
        (["Lunch"], "a reason and a code"),
    ],
)
def test_a_wrong_row_is_explained(rows: list[Any], words: str) -> None:
    form = ReasonsForm({"mapping": rows})
    assert not form.is_valid()
    assert words in str(form.errors)


def test_the_table_shows_what_is_stored_and_has_empty_rows_to_write_into() -> None:
    html = str(ReasonsForm(initial={"mapping": [{"reason": "<b>Lunch", "code": 12}]})["mapping"])
    assert 'value="&lt;b&gt;Lunch"' in html
    assert 'value="12"' in html
    assert html.count('name="mapping-reason"') == 4
    assert "<script" not in html
    assert "style=" not in html


def test_a_certificate_is_taken_and_anything_else_explained(tmp_path: Path) -> None:
    signed, key = (Path(path).read_text() for path in certificate.write(tmp_path))
    field = CaCertificateField()
    assert field.clean(signed.replace("\n", "\r\n")) == signed.strip()
    assert field.clean("") == ""
    for wrong in ("no certificate", key, signed[:200]):
        with pytest.raises(ValidationError, match="PEM"):
            field.clean(wrong)
    with pytest.raises(ValidationError, match="private key"):
        field.clean(signed + key)


def test_blanks_around_a_pasted_id_are_left_out_and_what_does_not_fit_is_explained() -> None:
    field = PatternField(regex=r"^[a-z-]+$", says="Small letters and hyphens. Example: eu-central")
    assert field.clean("  eu-central\n") == "eu-central"
    with pytest.raises(ValidationError, match="Example: eu-central"):
        field.clean("EU central")


@pytest.mark.parametrize("key", sorted(registry()))
def test_every_pattern_takes_pasted_blanks_and_says_what_it_wants(key: str) -> None:
    fields = [field for field in registry()[key].Properties.base_fields.values() if isinstance(field, forms.RegexField)]
    assert all(field.strip for field in fields)
    assert "Enter a valid value." not in [str(field.error_messages["invalid"]) for field in fields]


# -- secrets, as they are pasted and imported


def test_a_line_break_after_a_secret_is_no_part_of_it() -> None:
    assert SecretField(strip=False).clean(" pass word \r\n") == " pass word "


def test_a_secret_of_several_lines_is_something_else_that_was_copied() -> None:
    with pytest.raises(ValidationError, match="line break"):
        SecretField().clean("client-1\nsecret-1")
    assert SecretField(widget=SecretTextarea).clean("-----BEGIN\nabc") == "-----BEGIN\nabc"


def test_a_file_pasted_into_a_secret_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError, match="10000") as refusal:
        SecretField().clean("canary" * 5_000)
    assert "canary" not in str(refusal.value)
