"""The Data Group (TDG): who an unknown caller is, by the number.

Two generations. Version 3, which the account's three credentials belong to: `POST v3/auth` gives a token for eight
hours, `POST v3/sync/lookup/phone` uses it (schemas: Apache Streams, `PhoneLookupRequest`, `LookupResponse`). Today's
interface: `POST v2/lookup/phone` at another host, with the API key alone."""

from collections.abc import Iterator
from typing import Any

import requests
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from integrations import catalogue, deadlines
from integrations.actions import Result, action
from integrations.caller_data import e164, flat, joined, name_case, ten_digits
from integrations.capabilities import CallerProfile
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import VENDOR, YOU
from integrations.errors import Cause, Rejected, Stage
from integrations.field_mapping import FieldMappingField, suggestions
from integrations.http import json_of
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import VendorUrlField
from integrations.providers.caller_lookup import CallerLookupProvider
from integrations.row_tables import Groups
from integrations.wire import redaction

OLD, TODAY = "https://api.thedatagroup.com", "https://api.tdg1.io"
TEST_NUMBER = "2125550100"
LOOKUP_SECONDS = 4.0  # a caller is on the line
# The field of the token is not documented: the spellings that the headers suggest.
TOKEN_FIELDS = ("AuthorizationToken", "authorizationToken", "authorization_token", "token")
NO_MATCH = 204
SOURCES: Groups = (
    ("Person", (("first_name", "First name"), ("last_name", "Last name"), ("business", "Business name"))),
    ("Phone", (("phone", "Phone"), ("phone_type", "Phone type"), ("carrier", "Telephone company"))),
    ("E-mail", (("email", "E-mail"),)),
    ("Address", (("street", "Street"), ("unit", "Apartment"), ("city", "City"), ("state", "State"),
                 ("zip", "Postcode"))),
)  # fmt: skip
USUAL = (
    {"target": "contact.first_name", "name": "", "source": "first_name", "when": "keep"},
    {"target": "contact.last_name", "name": "", "source": "last_name", "when": "keep"},
    {"target": "contact.addresses[0].line1", "name": "", "source": "street", "when": "keep"},
    {"target": "contact.addresses[0].city", "name": "", "source": "city", "when": "keep"},
    {"target": "contact.addresses[0].state", "name": "", "source": "state", "when": "keep"},
    {"target": "contact.addresses[0].zip", "name": "", "source": "zip", "when": "keep"},
)
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "TDG does not accept the user name, the password or the API key.",
        YOU,
        "Copy all three again from the message that came with your registration. A key of today's interface does not "
        "open version 3: compare API generation (Advanced).",
    ),
    Cause.NO_PERMISSION: Advice(
        "TDG knows the API key, and it does not include the look-up by phone.",
        VENDOR,
        "Ask TDG to enable the phone look-up for this key.",
    ),
    Cause.WRONG_HOST: Advice(
        "TDG's interface is not at this address. Version 3 at api.thedatagroup.com is the old generation.",
        YOU,
        "Press Move to today's address, and enter an API key of today's interface if yours is an old one.",
    ),
}


class TdgProperties(PropertiesForm):
    advanced = ("api_generation", "api_endpoint")

    username = forms.CharField(
        label="Username",
        required=False,
        max_length=200,
        help_text=(
            "Provided when you register for an API key at The Data Group. Needed for version 3; today's interface has "
            "none. The simulator's is demo-tdg."
        ),
    )
    password = SecretField(
        label="Password",
        required=False,
        strip=False,
        help_text="Provided when you register for an API key at The Data Group. The simulator's is demo-tdg-password.",
    )
    api_key = SecretField(
        label="API Key",
        help_text="Provided by The Data Group after registration. The simulator's is demo-tdg-api-key.",
    )
    field_mapping = FieldMappingField(
        label="Field Mapping",
        required=False,
        initial=USUAL,
        sources=SOURCES,
        help_text=(
            "Which contact field is filled from which of The Data Group's fields, as its API documentation lists them "
            "(Lookup by phone). Internal fields are those of our contact form; an external field has a name of your "
            "choice."
        ),
    )
    api_generation = forms.ChoiceField(
        label="API generation",
        choices=[("v3", "Version 3: user name, password and API key"), ("today", "Today's interface: API key only")],
        initial="v3",
        help_text=(
            "Look at the API documentation that you were given: with api.thedatagroup.com it is version 3, with "
            "api.tdg1.io today's interface."
        ),
    )
    api_endpoint = VendorUrlField(
        label="API endpoint",
        https_only=True,
        origin_only=True,
        required=False,
        initial="",
        help_text=(
            f"Only where The Data Group gave you another host. Empty: {OLD} for version 3, {TODAY} for today's "
            "interface."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("api_generation") == "v3":
            for name in ("username", "password"):
                self.need(name, "Version 3 needs it.")
        return cleaned

    def clean_api_key(self) -> str:
        key = str(self.cleaned_data["api_key"])
        if not key.isprintable() or not key.isascii():
            raise ValidationError("The key holds characters that cannot travel in a header. Copy it again.")
        return key


class Tdg(CallerLookupProvider):
    """Looks a number up at The Data Group."""

    key = "tdg"
    label = "The Data Group (TDG)"
    type = catalogue.TDG
    advice = ADVICE
    Properties = TdgProperties
    _token = ""

    @property
    def is_old(self) -> bool:
        return str(self.properties["api_generation"]) == "v3"

    @property
    def base_url(self) -> str:
        if self.account.simulated:
            return self.account.simulator_url
        return str(self.properties["api_endpoint"] or (OLD if self.is_old else TODAY))

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["x-api-key"] = self.account.secret("api_key")
        if self._token:
            request.headers["AuthorizationToken"] = self._token

    def renew(self, response: requests.Response) -> bool:
        """A token that has ended is replaced once."""
        if not self._token or response.url.endswith("/auth"):
            return False
        self.sign_in()
        return True

    def lookup(self, phone: str) -> CallerProfile | None:
        digits = ten_digits(phone)
        if not digits:
            return None  # TDG knows North American numbers only
        with deadlines.within(LOOKUP_SECONDS):
            if self.is_old and not self._token:
                self.sign_in()
            values = self._look_up(digits, purpose="Look-up")
        if not values:
            return None
        offered = suggestions(self.properties["field_mapping"], values)
        return CallerProfile(e164(digits), self.key, timezone.now(), values, offered)

    def sign_in(self) -> None:
        """Version 3: exchange user name and password for a token. It lives for this piece of work."""
        self._token = ""
        body = {"username": self.properties["username"], "password": self.account.secret("password")}
        answer = json_of(self.http.post("v3/auth", json=body, purpose="Sign in"))
        token = (
            next((answer[name] for name in TOKEN_FIELDS if answer.get(name)), "") if isinstance(answer, dict) else ""
        )
        if not isinstance(token, str) or not token:
            raise Rejected("The answer to the sign-in has no token in it.", stage=Stage.AUTHENTICATION)
        redaction.register(token)
        self._token = token

    def probes(self) -> Iterator[Passed]:
        """Version 3: the sign-in, which costs no query. Today's interface: a look-up of a number set aside for
        fiction."""
        if self.is_old:
            self.sign_in()
            yield Passed(Stage.AUTHENTICATION, "Signed in", identity=str(self.properties["username"]))
            return
        found = self._look_up(TEST_NUMBER, purpose="Test connection")
        outcome = "" if found else " (the test number has no match, as expected)"
        yield Passed(Stage.AUTHENTICATION, f"The key opens the look-up{outcome}")

    @action(
        "Move to today's address",
        help_text="Switches the account from version 3 (api.thedatagroup.com) to today's interface (api.tdg1.io).",
        applies=lambda provider: isinstance(provider, Tdg) and provider.is_old,
    )
    def move_to_todays_address(self) -> Result:
        self.account.properties = {**self.account.properties, "api_generation": "today", "api_endpoint": ""}
        self.account.save()
        return Result(
            True,
            f"The account uses today's interface at {TODAY} now, with the API key alone. Press Test connection: a key "
            "of version 3 may not be known there.",
        )

    def _look_up(self, digits: str, *, purpose: str) -> dict[str, str]:
        """The person's values; empty where nobody matches (204, or 404 in the words of the interface)."""
        path, body = ("v3/sync/lookup/phone", {"phone": digits}) if self.is_old else (
            "v2/lookup/phone", {"Phone": int(digits)}
        )  # fmt: skip
        response = self.http.post(path, json=body, purpose=purpose, retry=0)
        if response.status_code == NO_MATCH:
            return {}
        answer = json_of(response)
        if not isinstance(answer, dict):
            raise Rejected("The answer is not a person.", cause=Cause.INVALID_DATA)
        return old_values(answer) if self.is_old else todays_values(answer)


def old_values(answer: dict[str, Any]) -> dict[str, str]:
    """`LookupResponse` of version 3."""
    if not {"first_name", "last_name", "address"} & set(answer):
        raise Rejected("The answer has neither a name nor an address in it.", cause=Cause.INVALID_DATA)
    at = dict(flat(answer.get("address") or {}))
    return _filled(
        first_name=name_case(str(answer.get("first_name") or "")),
        last_name=name_case(str(answer.get("last_name") or "")),
        street=joined(
            *(at.get(part, "") for part in ("street_number", "pre_direction", "street_name", "street_type",
                                            "post_direction"))
        ),
        unit=joined(at.get("unit_type", ""), at.get("unit_number", "")),
        city=at.get("city", ""),
        state=at.get("state", ""),
        zip=at.get("zipcode", ""),
    )  # fmt: skip


def todays_values(answer: dict[str, Any]) -> dict[str, str]:
    """Today's answer. How deeply its parts are nested is not documented, so they are found by their last names."""
    leaves = {path.rsplit(".", 1)[-1]: value for path, value in flat(answer)}
    if not {"FName", "LName", "BusName", "Phone", "Street"} & set(leaves):
        raise Rejected("The answer has neither a name nor a phone in it.", cause=Cause.INVALID_DATA)
    return _filled(
        first_name=name_case(leaves.get("FName", "")),
        last_name=name_case(leaves.get("LName", "")),
        business=leaves.get("BusName", ""),
        phone=e164(leaves.get("Phone", "")),
        phone_type=leaves.get("PhoneType", ""),
        carrier=leaves.get("TelcoName", ""),
        email=leaves.get("Email", ""),
        street=joined(*(leaves.get(part, "") for part in ("House", "PreDir", "Street", "StrType", "PostDir"))),
        unit=joined(leaves.get("AptType", ""), leaves.get("AptNbr", "")),
        city=leaves.get("City", ""),
        state=leaves.get("State", ""),
        zip=joined(leaves.get("Zip", ""), leaves.get("Z4", ""), by="-"),
    )


def _filled(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
