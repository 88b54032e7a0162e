"""The three ways into Salesforce, and where its API is.

The token answer has no `expires_in`: how long a session lives is the organisation's policy, so a token is used until
Salesforce says 401. Where refresh tokens rotate, using an old one kills the whole grant; `integrations.oauth.access`
renews under a lease and stores the new one before anything else happens (Salesforce help, "Refresh token rotation").
All API calls go to the `instance_url` of the token answer, never to the log-in host."""

from typing import Any

import requests
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from integrations import http
from integrations.actions import Result, action
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage
from integrations.fields import SecretUnreadable
from integrations.models import OAuthToken
from integrations.oauth import access, tokens
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.providers.base import Provider

from . import assertion, errors, hosts
from .sign_in_properties import AUTHORIZATION_CODE, JWT_BEARER

CALLBACK_PATH = "/admin/salesforcecallback.html"
SCOPE = "api refresh_token"  # as little as does the work; the guide's "full" is not needed


class Login(OAuth2, Provider):
    @property
    def base_url(self) -> str:
        """The log-in host, by Url and Sandbox environment."""
        if self.account.simulated:
            return self.account.simulator_url
        general = hosts.SANDBOX if self.properties["sandbox_environment"] else hosts.PRODUCTION
        return str(self.properties["url"] or general)

    def oauth_config(self) -> OAuthConfig:
        grant = str(self.properties["grant_type"])
        code = grant == AUTHORIZATION_CODE
        return OAuthConfig(
            token_url=f"{self.base_url}/services/oauth2/token",
            authorize_url=f"{self.base_url}/services/oauth2/authorize",
            revoke_url=f"{self.base_url}/services/oauth2/revoke",
            client_id=str(self.properties["consumer_key"] or ""),
            client_secret=self.account.secret("consumer_secret"),
            grant=grant,
            scope=SCOPE if code else "",
            redirect_uri=access.callback_url(CALLBACK_PATH),
            keep=("instance_url", "id"),
            assertion=self._assertion if grant == JWT_BEARER else None,
        )

    @sensitive_variables()
    def _assertion(self) -> str:
        sandbox = bool(self.properties["sandbox_environment"])
        try:
            return assertion.signed(
                consumer_key=str(self.properties["consumer_key"]),
                username=str(self.properties["username"]),
                audience=hosts.SANDBOX if sandbox else hosts.PRODUCTION,
                private_key=self.account.secret("private_key"),
            )
        except ValidationError as bad:
            text = f"Private key: {' '.join(bad.messages)}"
            raise AuthenticationFailed(text, cause=Cause.INCOMPLETE, stage=Stage.SETTINGS) from None

    def token_error(self, response: requests.Response) -> IntegrationError:
        return errors.token_error(response)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return errors.interpret(response)

    def renew(self, response: requests.Response) -> bool:
        return errors.session_ended(response) and super().renew(response)

    # -- calls

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request to the organisation's API. `path` begins with a slash. Raises `IntegrationError`."""
        self.http.base_url = self.token_fact("instance_url") or self.base_url
        return self.http.request(method, path, **more)

    def data(self, path: str) -> str:
        """The path of a REST resource in the account's API version."""
        return f"/services/data/v{self.properties['api_version']}{path}"

    def token_fact(self, name: str) -> str:
        """What the token answer said besides the token; the token is fetched where there is none yet.

        Raises `Rejected` where the answer points to a host that is not Salesforce's: nothing is sent there."""
        access.adopt_refresh_token(self, "refresh_token")
        access.bearer(self)
        found = tokens.facts(tokens.row_of(self.account), self.oauth_config())
        self._check_instance(found.get("instance_url", ""))
        return found.get(name, "")

    def _check_instance(self, url: str) -> None:
        ours = http.same_origin(url, self.base_url) if self.account.simulated else hosts.is_salesforce(url)
        if url and not ours:
            raise Rejected(
                f"The token answer sends us to {url[:200]}, which is no host of Salesforce. Nothing was sent there.",
                cause=Cause.WRONG_HOST,
                stage=Stage.AUTHENTICATION,
            )

    def home(self) -> str:
        """The organisation's own host as far as we know without asking: Url, else that of the last token."""
        if self.account.simulated or self.properties["url"]:
            return self.base_url
        row = OAuthToken.objects.filter(account=self.account).first()
        try:
            known = tokens.facts(row, self.oauth_config()).get("instance_url", "") if row else ""
        except SecretUnreadable:
            known = ""
        return known if hosts.is_salesforce(known) else self.base_url

    # -- buttons

    @action(
        "Request token",
        applies=lambda provider: provider.properties["grant_type"] == AUTHORIZATION_CODE,
        help_text="Opens Salesforce, where the integration user allows the access, and comes back here.",
    )
    def request_token(self) -> Result:
        return Result(True, "Continue at Salesforce.", redirect=access.start_code_flow(self))
