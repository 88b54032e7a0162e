"""The three ways into Connect REST, and the headers that every request carries (B2C Service docs, "Authenticate" and
"Supported headers")."""

import requests

from integrations.actions import Result, action
from integrations.basic_auth import basic
from integrations.errors import IntegrationError
from integrations.oauth import access
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.providers.base import Provider

from . import errors
from .properties import BASIC, OAUTH

SIMULATED_TOKEN_PATH = "/oauth2/v1/token"  # noqa: S105 - a path


class SignIn(OAuth2, Provider):
    def oauth_config(self) -> OAuthConfig:
        """Tokens of the identity provider; how long they live is its business and stands in its answer."""
        simulated = f"{self.account.simulator_url}{SIMULATED_TOKEN_PATH}"
        return OAuthConfig(
            token_url=simulated if self.account.simulated else str(self.properties["token_url"] or ""),
            client_id=str(self.properties["client_id"] or ""),
            client_secret=self.account.secret("client_secret"),
            grant="client_credentials" if self.properties["authentication"] == OAUTH else "",
            scope=str(self.properties["scope"] or ""),
            client_auth="basic",
        )

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["OSvC-CREST-Application-Context"] = str(self.properties["application_context"])
        if self.properties["suppress_rules"]:
            request.headers["OSvC-CREST-Suppress-Rules"] = "true"
        if self.properties["language"]:
            request.headers["Accept-Language"] = str(self.properties["language"])
        if self.properties["authentication"] == OAUTH:
            super().authorise(request)
        elif self.properties["authentication"] == BASIC:
            pair = f"{self.properties['user_name']}:{self.account.secret('password')}"
            request.headers["Authorization"] = basic(pair)
        else:
            request.headers["Authorization"] = f"Session {self.account.secret('session_token')}"

    def renew(self, response: requests.Response) -> bool:
        return self.properties["authentication"] == OAUTH and super().renew(response)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return errors.interpret(response)

    @action(
        "Forget tokens",
        applies=lambda provider: provider.properties["authentication"] == OAUTH,
        help_text="Deletes the access token here; the next request gets a new one from the identity provider.",
    )
    def forget_tokens(self) -> Result:
        access.forget(self)
        return Result(True, "The token was deleted here. The next request gets a new one.")
