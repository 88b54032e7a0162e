"""The ways into Zendesk: OAuth by a person with PKCE, OAuth by client credentials, and the API token that is ending.

The token endpoint reads JSON. A renewal deletes the access token and the refresh token that it replaces, without grace
(developer.zendesk.com, "OAuth Tokens for Grant Types"; the guide "API tokens to OAuth" has the dates)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import requests

from integrations.actions import Result, action
from integrations.basic_auth import basic
from integrations.errors import IntegrationError
from integrations.expiry.expiries import Announced
from integrations.models import OAuthToken
from integrations.oauth import access
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.providers.base import Provider

from . import errors
from .answers import record_in
from .probes import who_am_i
from .properties import API_TOKEN, AUTHORIZATION_CODE, CLIENT_CREDENTIALS

TOKENS_END = "Zendesk ends API tokens on 30 April 2027; since 27 October 2026 none can be created."
DAY = 86_400


def uses(*ways: str) -> Any:
    """Condition of a button: the account signs in by one of these."""
    return lambda provider: provider.properties["authorization_type"] in ways


class Login(OAuth2, Provider):
    """How requests are signed, and the buttons around tokens."""

    announced = (
        Announced(
            "API token", date(2027, 4, 30),
            "Zendesk takes no API token any more. Choose OAuth as authorization type and authorise the account before.",
            'Zendesk, guide "API tokens to OAuth"', uses(API_TOKEN),
        ),
    )  # fmt: skip

    def oauth_config(self) -> OAuthConfig:
        way, scope = str(self.properties["authorization_type"]), str(self.properties["scope"])
        access, days = int(self.properties["access_token_life"]), int(self.properties["refresh_token_life"])
        wishes: dict[str, Any] = {"scope": scope, "expires_in": access}
        if way != CLIENT_CREDENTIALS:
            wishes["refresh_token_expires_in"] = days * DAY
        return OAuthConfig(
            token_url=f"{self.base_url}/oauth/tokens",
            authorize_url=f"{self.base_url}/oauth/authorizations/new",
            client_id=str(self.properties["client_id"] or ""),
            client_secret=self.account.secret("client_secret"),
            grant=way,
            scope=scope,
            encoding="json",
            wishes=wishes,
            access_life=timedelta(seconds=access),
            refresh_life=timedelta(days=days),
        )

    def token_page(self, response: requests.Response) -> IntegrationError:
        return errors.page(response)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return errors.interpret(response)

    def authorise(self, request: requests.PreparedRequest) -> None:
        if not self.signs_with_api_token():
            super().authorise(request)
            return
        pair = f"{self.properties['user_name']}/token:{self.account.secret('api_token')}"
        request.headers["Authorization"] = basic(pair)

    def renew(self, response: requests.Response) -> bool:
        return not self.signs_with_api_token() and super().renew(response)

    def signs_with_api_token(self) -> bool:
        """Also while an account moves to OAuth: until a person has allowed the access, the old way goes on working."""
        way = self.properties["authorization_type"]
        if way != AUTHORIZATION_CODE:
            return bool(way == API_TOKEN)
        if not (self.properties["user_name"] and self.account.secret("api_token")):
            return False
        return not OAuthToken.objects.filter(account=self.account).exclude(status=OAuthToken.Status.NONE).exists()

    def notices(self) -> Iterator[str]:
        """What the owner of this account should know now."""
        if self.signs_with_api_token():
            how = "Press Move to OAuth." if uses(API_TOKEN)(self) else "Press Authorise to finish the move to OAuth."
            yield f"{TOKENS_END} {how}"

    @action(
        "Authorise",
        applies=uses(AUTHORIZATION_CODE),
        help_text="Opens Zendesk, where a person allows the access, and comes back here.",
    )
    def request_authorisation(self) -> Result:
        return Result(True, "Continue at Zendesk.", redirect=access.start_code_flow(self))

    @action(
        "Forget tokens",
        applies=uses(AUTHORIZATION_CODE, CLIENT_CREDENTIALS),
        help_text="Deletes the OAuth tokens here. Zendesk lists and withdraws them under OAuth clients > Tokens.",
    )
    def forget_tokens(self) -> Result:
        access.forget(self)
        return Result(True, "The tokens were deleted here. In Zendesk's Admin Center they can be withdrawn.")

    @action(
        "Move to OAuth",
        applies=uses(API_TOKEN),
        help_text=(
            "Makes an OAuth client at Zendesk with the API token (unless a Client ID is entered) and opens the page "
            "where a person allows the access. The API token goes on working until then."
        ),
    )
    def move_to_oauth(self) -> Result:
        client, secrets = str(self.properties["client_id"] or ""), {}
        if not client:
            client, secrets["client_secret"] = self._new_client()
        moved = {**self.account.properties, "authorization_type": AUTHORIZATION_CODE, "client_id": client}
        self.account.apply(moved, secrets)
        self.account.save()
        fresh = type(self)(self.account)
        text = f'Continue at Zendesk, for the OAuth client "{client}". Afterwards clear the API token here.'
        return Result(True, text, redirect=access.start_code_flow(fresh))

    def _new_client(self) -> tuple[str, str]:
        """Identifier and secret of a new OAuth client; administrators only. Raises `IntegrationError`."""
        client = {
            "name": "Contact centre",
            "identifier": f"contact_centre_{self.account.public_id.hex[:8]}",
            "user_id": who_am_i(self)["id"],
            "redirect_uri": [access.callback_url()],
        }
        response = self.http.post("/api/v2/oauth/clients.json", json={"client": client}, purpose="Make OAuth client")
        made = record_in(response, "client")
        return str(made["identifier"]), str(made["secret"])
