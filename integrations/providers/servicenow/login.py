"""The four ways into ServiceNow: password, client credentials, authorisation code with PKCE, and Basic.

The token endpoint reads a form body only; the same access token comes again until it ends; the refresh token is not
rotated and lives 100 days (ServiceNow docs, OAuth inbound)."""

from datetime import timedelta
from typing import Any

import requests
from django import forms
from django.utils import timezone

from integrations.actions import Result, action
from integrations.basic_auth import basic
from integrations.diagnosis.doctor import explain
from integrations.errors import IntegrationError
from integrations.oauth import access
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.providers.base import Provider

from . import errors
from .sign_in_properties import AUTHORIZATION_CODE, BASIC, CLIENT_CREDENTIALS, PASSWORD

ACCESS_LIFE = timedelta(seconds=1800)
REFRESH_LIFE = timedelta(seconds=8_640_000)


class SignInForm(forms.Form):
    """The dialog of *Request Refresh Token*. What is typed is used once and stored nowhere."""

    username = forms.CharField(
        label="User name",
        help_text="A user of your ServiceNow instance: active, and not for web services only.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="Used once to get the tokens, then forgotten.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


def uses(*grants: str) -> Any:
    """Condition of a button: the account signs in by one of these grants."""
    return lambda provider: provider.properties["grant_type"] in grants


class Login(OAuth2, Provider):
    """How requests are signed, and the buttons around tokens."""

    def oauth_config(self) -> OAuthConfig:
        grant = self.properties["grant_type"]
        # Within the life of a token ServiceNow answers client credentials with the very same token, so asking early
        # brings nothing. A refresh token brings a new one at any time.
        margin = timedelta(seconds=5) if grant == CLIENT_CREDENTIALS else timedelta(minutes=5)
        return OAuthConfig(
            token_url=f"{self.base_url}/oauth_token.do",
            authorize_url=f"{self.base_url}/oauth_auth.do",
            revoke_url=f"{self.base_url}/oauth_revoke_token.do",
            client_id=str(self.properties["client_id"] or ""),
            client_secret=self.account.secret("client_secret"),
            grant=grant,
            pkce=True,
            client_auth="body",
            access_life=ACCESS_LIFE,
            refresh_life=REFRESH_LIFE,
            margin=margin,
        )

    def token_error(self, response: requests.Response) -> IntegrationError:
        return errors.token_error(response)

    def authorise(self, request: requests.PreparedRequest) -> None:
        if self.properties["grant_type"] != BASIC:
            super().authorise(request)
            return
        pair = f"{self.properties['user_name']}:{self.account.secret('password')}"
        request.headers["Authorization"] = basic(pair)

    def renew(self, response: requests.Response) -> bool:
        return self.properties["grant_type"] != BASIC and super().renew(response)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return errors.interpret(response)

    @action(
        "Request Refresh Token",
        form=SignInForm,
        applies=uses(PASSWORD),
        help_text="Signs in once with a ServiceNow user and keeps only the tokens.",
    )
    def request_refresh_token(self, username: str, password: str) -> Result:
        try:
            token = access.obtain_with_password(self, username, password)
        except IntegrationError as error:
            verdict = explain(self, error)
            return Result(False, verdict.message, rows=verdict.rows, verdict=verdict)
        return Result(True, f"Tokens received for {username}. The password was not kept.", rows=lives(token))

    @action(
        "Authorise",
        applies=uses(AUTHORIZATION_CODE),
        help_text="Opens ServiceNow, where a person allows the access, and comes back here.",
    )
    def request_authorisation(self) -> Result:
        return Result(True, "Continue at ServiceNow.", redirect=access.start_code_flow(self))

    @action(
        "Forget tokens",
        applies=uses(PASSWORD, AUTHORIZATION_CODE, CLIENT_CREDENTIALS),
        help_text="Deletes the tokens here and withdraws them at ServiceNow. The account has to be authorised again.",
    )
    def forget_tokens(self) -> Result:
        access.forget(self)
        return Result(True, "The tokens were deleted here, and ServiceNow was asked to withdraw them.")


def lives(token: Any) -> tuple[tuple[str, str], ...]:
    """How long the tokens hold, for the person who pressed the button. Never their values."""
    rows = [("Access token", token.access_expires_at), ("Refresh token", token.refresh_expires_at)]
    return tuple((label, remaining(until)) for label, until in rows if until)


def remaining(until: Any) -> str:
    left = until - timezone.now()
    amount = f"{left.days} days" if left.days > 1 else f"{max(0, round(left.total_seconds() / 60))} minutes"
    return f"valid for {amount}, until {until:%Y-%m-%d %H:%M} UTC"
