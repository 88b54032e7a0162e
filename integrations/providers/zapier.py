"""Zapier: the roles are reversed, Zapier calls us with a user name and a password that were made up here.

Rules for a called service (Zapier's platform documentation): a cheap GET that answers 200 with an object, 401 for wrong
credentials and never a redirect; what it is given has a unique `id`, snake_case keys, ISO 8601 moments with a zone."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import requests
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from integrations import catalogue
from integrations.automation import basic_credentials
from integrations.basic_auth import basic, holds_no_colon
from integrations.capabilities import AutomationEndpoint, AutomationEvent
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import AuthenticationFailed, Cause, Rejected, Stage
from integrations.http import json_of
from integrations.properties import PropertiesForm, SecretField
from integrations.providers.base import Provider

PATH = "clientweb/api/v1/workflow-trigger"
SHORTEST_PASSWORD = 12
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Our own door does not know the user name and password of this account, so Zapier would be refused too.",
        YOU,
        "Save the account with the Password once more, and see that it is enabled. Then enter the same two in Zapier.",
    ),
    Cause.NOT_FOUND: Advice(
        "The public address leads to a server that does not have Zapier's path.",
        YOU,
        f"Let whoever runs this product check PUBLIC_URL and that /{PATH} is passed on by the proxy in front of it.",
    ),
    Cause.INCOMPLETE: Advice(
        "Zapier works from the internet and sends the password with each call: it needs a public address with https.",
        YOU,
        "Let whoever runs this product set PUBLIC_URL to the address that people outside use, with https.",
    ),
    Cause.BLOCKED_ADDRESS: Advice(
        "Our public address lies inside a private network. Zapier works from the internet and cannot come there.",
        YOU,
        "Let whoever runs this product set PUBLIC_URL to an address that is reachable from the internet.",
    ),
    Cause.UNREACHABLE: Advice(
        "Our own public address does not answer, so Zapier cannot come there either.",
        YOU,
        "Open the address above in a browser outside of your network, and have the proxy or firewall corrected.",
    ),
}


class ZapierProperties(PropertiesForm):
    username = forms.CharField(
        label="Username",
        max_length=200,
        validators=[holds_no_colon],
        help_text=(
            "A user name that Zapier will use to access data: make one up, and enter the same in Zapier when it asks "
            "to connect an account (My Apps, Add connection)."
        ),
    )
    password = SecretField(
        label="Password",
        strip=False,
        help_text=(
            "A password that Zapier will use to access data: make one up of at least 12 characters, used nowhere else, "
            "and enter the same in Zapier."
        ),
    )

    def clean_password(self) -> Any:
        password = self.cleaned_data["password"]
        if isinstance(password, str) and password and len(password) < SHORTEST_PASSWORD:
            raise ValidationError(f"At least {SHORTEST_PASSWORD} characters: anybody on the internet may try it.")
        return password


class Zapier(AutomationEndpoint, Provider):
    """Zapier, as the one who calls."""

    key = "zapier"
    label = "Zapier"
    type = catalogue.ZAPIER
    advice = ADVICE
    Properties = ZapierProperties

    @property
    def base_url(self) -> str:
        """Where Zapier comes to: our own public address."""
        return self.account.simulator_url if self.account.simulated else str(settings.PUBLIC_URL).rstrip("/")

    def authenticate(self, request: HttpRequest) -> bool:
        user, password = basic_credentials(request)
        wanted = self.account.secret("password")
        right = hmac.compare_digest(user.encode(), str(self.properties.get("username") or "").encode())
        return bool(hmac.compare_digest(password.encode(), wanted.encode()) and right and wanted)

    def payload(self, event: AutomationEvent) -> dict[str, Any]:
        """A flat object; `id`, `event` and `occurred_at` are ours and are not replaced by fields of the same name."""
        fields = {snake_case(name): plain(value) for name, value in event.fields.items()}
        return {**fields, "id": event.id, "event": event.kind, "occurred_at": plain(event.at)}

    def authorise(self, request: requests.PreparedRequest) -> None:
        pair = f"{self.properties['username']}:{self.account.secret('password')}"
        request.headers["Authorization"] = basic(pair)

    def probes(self) -> Iterator[Passed]:
        """What Zapier does when somebody connects this account: one GET at our own address. It changes nothing."""
        if not self.account.simulated and not self.base_url.startswith("https://"):
            raise Rejected(
                f"Zapier cannot use {self.base_url}: it is not https.", cause=Cause.INCOMPLETE, stage=Stage.SETTINGS
            )
        params = {"tenantUrl": self.base_url}
        answer = json_of(self.http.get(PATH, params=params, purpose="Test connection"))
        if not isinstance(answer, dict) or "username" not in answer:
            raise Rejected("The answer is not the one of our own door.", stage=Stage.WEBHOOK)
        self._is_this_account(answer)
        yield Passed(
            Stage.AUTHENTICATION, f"The door at {self.base_url}/{PATH} opens", identity=str(answer["username"])
        )

    def _is_this_account(self, answer: dict[str, Any]) -> None:
        if not self.account.simulated and answer.get("id") != str(self.account.public_id):
            raise AuthenticationFailed(
                f'These credentials open another account, "{answer.get("account", "")}". Choose others.',
                cause=Cause.CONFLICT,
                stage=Stage.AUTHENTICATION,
            )


def snake_case(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.strip()).strip("_").lower()


def plain(value: Any) -> Any:
    """Moments in ISO 8601 with a zone; everything else as it is."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
