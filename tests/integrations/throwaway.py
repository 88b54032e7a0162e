"""Providers that exist in tests only. Child processes register them by `install()`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest

from integrations import catalogue, providers
from integrations.actions import Download, Result, action
from integrations.diagnosis.doctor import Advice, Passed
from integrations.errors import Cause, Stage
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.properties import PropertiesForm, SecretField
from integrations.providers.base import Provider
from integrations.webhooks import Inbound, NotGenuine, WebhookReceiver


class Plain(Provider, WebhookReceiver):
    """Signs in with a key in a header; receives events whose signature is the key itself."""

    key = "plain"
    label = "Plain"
    type = catalogue.ZAPIER
    valid_message = "It works"
    advice = {Cause.NO_PERMISSION: Advice("No right.", "the vendor's administrator", "Grant it.", ("Open", "Click"))}

    class Properties(PropertiesForm):
        url = forms.CharField(label="URL", initial="http://127.0.0.1:1", help_text="Where it is.")
        ca_certificate = forms.CharField(label="CA", required=False, initial="", help_text="Its authority, PEM.")
        api_key = SecretField(label="Key", help_text="In its settings.")
        second_key = SecretField(label="Second key", required=False, help_text="In its settings.")

    def authorise(self, request: Any) -> None:
        request.headers["Authorization"] = f"Bearer {self.account.secret('api_key')}"

    def probes(self) -> Iterator[Passed]:
        me = self.http.get("/me", purpose="Who am I").json()
        yield Passed(Stage.AUTHENTICATION, f"Signed in as {me['name']}", identity=me["name"])

    @action("Load voices")
    def load_voices(self) -> Result:
        return Result(True, "2 voices", rows=(("Voice", "Alma"), ("Voice", "Bruno")))

    @action("Give a file")
    def give(self) -> Result:
        return Result(True, "Import it there.", download=Download("made.txt", "text/plain", b"made"))

    class Log(forms.Form):
        username = forms.CharField()
        password = forms.CharField()

    @action("Log in", form=Log)
    def log_in(self, username: str, password: str) -> Result:
        self.http.post("/log-in", data={"username": username, "password": password}, purpose="Log in")
        return Result(True, f"Logged in as {username}")

    def verify(self, request: HttpRequest) -> None:
        if request.headers.get("X-Signature") != self.account.secret("api_key"):
            raise NotGenuine("The signature does not match.")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        import json

        for event in json.loads(request.body):
            yield Inbound(event["id"], event.get("kind", "unknown"), event)


class Rotating(OAuth2, Provider):
    """OAuth with whatever lives and grant its properties say."""

    key = "rotating"
    label = "Rotating"
    type = catalogue.ZENDESK

    class Properties(PropertiesForm):
        url = forms.CharField(label="URL", help_text="Where it is.")
        token_path = forms.CharField(label="Token path", initial="/token", help_text="Path.")
        authorize_path = forms.CharField(label="Authorize path", initial="/auth", help_text="Path.")
        grant = forms.CharField(label="Grant", initial="password", help_text="Grant.")
        client_auth = forms.CharField(label="Client authentication", initial="body", help_text="body or basic.")
        scope = forms.CharField(label="Scope", required=False, initial="", help_text="Scope.")
        margin = forms.FloatField(label="Margin", initial=120, help_text="Seconds.")
        client_id = forms.CharField(label="Client", initial="hub", help_text="Client.")
        client_secret = SecretField(label="Secret", help_text="Secret.")

    def oauth_config(self) -> OAuthConfig:
        values = self.properties
        return OAuthConfig(
            token_url=self.base_url + values["token_path"],
            authorize_url=self.base_url + values["authorize_path"],
            revoke_url=self.base_url + "/revoke",
            client_id=values["client_id"],
            client_secret=self.account.secret("client_secret"),
            grant=values["grant"],
            scope=values["scope"],
            client_auth=values["client_auth"],
            refresh_life=timedelta(days=100),
            margin=timedelta(seconds=float(values["margin"])),
        )

    def probes(self) -> Iterator[Passed]:
        self.http.get("/me", purpose="Who am I")
        yield Passed(Stage.AUTHENTICATION, "Signed in", identity="someone")


def install() -> None:
    """For processes that a test starts."""
    found = providers.registry()
    found.update({provider.key: provider for provider in (Plain, Rotating)})
