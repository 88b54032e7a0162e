"""Next Caller: who an unknown caller is, by the number.

Interface 2.1 as its published clients use it (2015): `GET records/?phone=<10 digits>&format=json` with HTTP Basic, on
one of two hosts. Version 3 takes the number to `id/`; its sandbox host is not published."""

import time
from collections.abc import Iterator
from typing import Any

import requests
from django import forms
from django.utils import timezone

from integrations import catalogue, deadlines
from integrations.basic_auth import basic, holds_no_colon
from integrations.caller_data import e164, flat, joined, name_case, ten_digits
from integrations.capabilities import CallerProfile
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU
from integrations.errors import Cause, IntegrationError, RateLimited, Rejected, Stage
from integrations.field_mapping import FieldMappingField, suggestions
from integrations.http import error_from_response, json_of
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import VendorUrlField
from integrations.providers.caller_lookup import CallerLookupProvider
from integrations.row_tables import Groups

LIVE, SANDBOX = "https://api.nextcaller.com", "https://api.sandbox.nextcaller.com"
TEST_NUMBER = "2125550100"
LOOKUP_SECONDS = 4.0  # a caller is on the line
NUMBER_CODES = {"555"}  # "number invalid": authenticated, and no record
SECONDS_OR_MOMENT = 1_000_000_000
SOURCES: Groups = (
    ("Person", (("first_name", "First name"), ("last_name", "Last name"), ("name", "Whole name"),
                ("occupation", "Occupation"), ("education", "Education"), ("language", "Language"))),
    ("Phone", (("phone.0.number", "Phone"), ("phone.0.carrier", "Carrier"), ("phone.0.line_type", "Line type"),
               ("phone.1.number", "Second phone"))),
    ("E-mail and social links", (("email", "E-mail"), ("social_links.0.url", "Social link 1"),
                                 ("social_links.1.url", "Social link 2"), ("social_links.2.url", "Social link 3"))),
    ("Address", (("address.0.street", "Street"), ("address.0.line1", "Line 1"), ("address.0.line2", "Line 2"),
                 ("address.0.city", "City"), ("address.0.state", "State"), ("address.0.zip", "Postcode"),
                 ("address.0.country", "Country"))),
    ("Warnings", (("spoof", "Spoofed number"), ("fraud_threat", "Fraud threat"))),
    ("Household (sensitive)", (("age", "Age band"), ("gender", "Gender"), ("household_income", "Household income"),
                               ("marital_status", "Marital status"), ("home_owner_status", "Home owner"))),
)  # fmt: skip
USUAL = (
    {"target": "contact.first_name", "name": "", "source": "first_name", "when": "keep"},
    {"target": "contact.last_name", "name": "", "source": "last_name", "when": "keep"},
    {"target": "contact.phones[0].number", "name": "", "source": "phone.0.number", "when": "keep"},
    {"target": "contact.emails[0].address", "name": "", "source": "email", "when": "keep"},
)
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Next Caller does not accept the user name and password. Those of the sandbox and of the live system differ.",
        YOU,
        "Compare Sandbox Mode with the kind of credentials you were given, and enter Username and Password again.",
    ),
    Cause.NO_PERMISSION: Advice(
        "Next Caller knows the user, and does not allow it the look-up.",
        THEIR_ADMINISTRATOR,
        "Ask Next Caller to enable the record look-up for this account.",
    ),
    Cause.WRONG_HOST: Advice(
        "Next Caller's interface is not at this address. New customers may no longer be given it.",
        VENDOR,
        "Ask Next Caller (today part of Pindrop) for the address of the look-up interface and enter it as API endpoint "
        "(Advanced).",
    ),
}


class NextCallerProperties(PropertiesForm):
    advanced = ("api_version", "api_endpoint")

    sandbox_mode = forms.BooleanField(
        label="Sandbox Mode",
        required=False,
        initial=False,
        help_text=(
            "Tick where Next Caller gave you credentials for its sandbox: look-ups go to the sandbox host and return "
            "made-up people."
        ),
    )
    username = forms.CharField(
        label="Username",
        max_length=200,
        validators=[holds_no_colon],
        help_text="Provided when you create an account at Next Caller. The simulator's is demo-nextcaller.",
    )
    password = SecretField(
        label="Password",
        strip=False,
        help_text=(
            "Provided with the user name when you create an account at Next Caller. The simulator's is "
            "demo-nextcaller-password."
        ),
    )
    field_mapping = FieldMappingField(
        label="Field Mapping",
        required=False,
        initial=USUAL,
        sources=SOURCES,
        help_text=(
            "Which contact field is filled from which of Next Caller's fields, as listed in its API documentation "
            "(Record). Internal fields are those of our contact form; an external field has a name of your choice."
        ),
    )
    api_version = forms.ChoiceField(
        label="API version",
        choices=[("v2.1", "2.1"), ("v3", "3")],
        initial="v2.1",
        help_text=(
            "The version in the address of Next Caller's API documentation that you were given: 2.1 is what its "
            "published clients use."
        ),
    )
    api_endpoint = VendorUrlField(
        label="API endpoint",
        https_only=True,
        origin_only=True,
        required=False,
        initial="",
        help_text=(
            "Only where Next Caller gave you another host, for example https://api.example.com. Empty: "
            f"{LIVE}, or {SANDBOX} in Sandbox Mode."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("api_version") == "v3" and cleaned.get("sandbox_mode") and self.simulated is False:
            self.need("api_endpoint", "The sandbox host of version 3 is not published: enter the one you were given.")
        return cleaned


class NextCaller(CallerLookupProvider):
    """Looks a number up at Next Caller."""

    key = "next_caller"
    label = "Next Caller"
    type = catalogue.NEXT_CALLER
    advice = ADVICE
    Properties = NextCallerProperties

    @property
    def base_url(self) -> str:
        sandbox = bool(self.properties["sandbox_mode"])
        if self.account.simulated:
            host = f"{self.account.simulator_url}/{'sandbox' if sandbox else 'live'}"
        else:
            host = str(self.properties["api_endpoint"]) or (SANDBOX if sandbox else LIVE)
        return f"{host}/{self.properties['api_version']}"

    def authorise(self, request: requests.PreparedRequest) -> None:
        pair = f"{self.properties['username']}:{self.account.secret('password')}"
        request.headers["Authorization"] = basic(pair)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        """General meaning, with the vendor's code and its way to say how long to wait."""
        error = error_from_response(response)
        if error is not None:
            error.vendor_code = vendor_code(response)
        if error is not None and error.cause == Cause.NOT_FOUND and response.content:
            json_of(response)  # "no record" is only believed when the answer is whole
        if isinstance(error, RateLimited):
            error.retry_after = seconds_to(response.headers.get("X-Rate-Limit-Reset", ""), error.retry_after)
        return error

    def lookup(self, phone: str) -> CallerProfile | None:
        digits = ten_digits(phone)
        if not digits:
            return None  # Next Caller knows North American numbers only
        with deadlines.within(LOOKUP_SECONDS):
            records = self._records(digits, purpose="Look-up")
        if not records:
            return None
        values = values_of(records[0])
        offered = suggestions(self.properties["field_mapping"], values)
        return CallerProfile(e164(digits), self.key, timezone.now(), values, offered)

    def probes(self) -> Iterator[Passed]:
        """One look-up of a number that is set aside for fiction."""
        records = self._records(TEST_NUMBER, purpose="Test connection")
        text = "The look-up is allowed" + ("" if records else " (the test number has no record, as expected)")
        where = ", sandbox" if self.properties["sandbox_mode"] else ""
        yield Passed(Stage.AUTHENTICATION, text, identity=f"{self.properties['username']}{where}")

    def _records(self, digits: str, *, purpose: str) -> list[dict[str, Any]]:
        newer = self.properties["api_version"] == "v3"
        path, number = ("id/", f"+1{digits}") if newer else ("records/", digits)
        try:
            response = self.http.get(path, params={"phone": number, "format": "json"}, purpose=purpose, retry=0)
        except Rejected as refusal:
            if refusal.cause == Cause.NOT_FOUND or refusal.vendor_code in NUMBER_CODES:
                return []
            raise
        return records_of(json_of(response))


def records_of(answer: Any) -> list[dict[str, Any]]:
    records = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Rejected("The answer has no records in it.", cause=Cause.INVALID_DATA)
    return records


def values_of(record: dict[str, Any]) -> dict[str, str]:
    """The record as flat texts, with the few forms that a contact form wants."""
    values = dict(flat(record))
    for name in ("first_name", "last_name", "name"):
        if name in values:
            values[name] = name_case(values[name])
    for path in [path for path in values if path.startswith("phone.") and path.endswith(".number")]:
        values[path] = e164(values[path])
    values |= address_of(values)
    return {path: value for path, value in values.items() if value}


def address_of(values: dict[str, str]) -> dict[str, str]:
    at = "address.0."
    return {
        f"{at}street": joined(values.get(f"{at}line1", ""), values.get(f"{at}line2", "")),
        f"{at}zip": joined(values.get(f"{at}zip_code", ""), values.get(f"{at}extended_zip", ""), by="-"),
        f"{at}country": {"USA": "US"}.get(values.get(f"{at}country", ""), values.get(f"{at}country", "")),
    }


def vendor_code(response: requests.Response) -> str:
    """`error.code` of the body: a text in some answers, a number in others."""
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def seconds_to(text: str, otherwise: float) -> float:
    """X-Rate-Limit-Reset as seconds from now; whether it is a span or a moment is not documented, so both are read."""
    if not text.isdigit():
        return otherwise
    value = float(text)
    return max(0.0, min(value - time.time() if value > SECONDS_OR_MOMENT else value, 3600.0))
