"""Facebook Messenger: a page to which customers write (Graph API, Messenger Platform).

The page access token sends; the app secret signs what comes in; the webhook verify token is shown once by Facebook when
somebody saves our address there, which it then checks by GET."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from typing import Any

import requests
from django.http import HttpRequest, HttpResponse

from integrations import history
from integrations.actions import Result, action
from integrations.capabilities import OutgoingMessage
from integrations.diagnosis.doctor import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage
from integrations.http import error_from_response
from integrations.providers import messenger
from integrations.vendor_json import inner, object_of, objects, other_shape, text_of
from integrations.webhooks import UNKNOWN, Inbound, NotGenuine

from .errors import ADVICE, told
from .events import event_of, key_of, sender_of
from .properties import FacebookProperties

LONGEST_TEXT = 2000
FIELDS = "messages,messaging_postbacks,message_deliveries,message_reads,message_echoes,message_edits,messaging_optins"
RIGHT = "pages_messaging"


class Facebook(messenger.MessengerProvider):
    """A page in Facebook Messenger."""

    key = "messenger_facebook"
    label = "Facebook"
    documentation_url = "https://developers.facebook.com/docs/messenger-platform"
    advice = ADVICE
    Properties = FacebookProperties
    takes_get = True

    # -- sending

    def send(self, recipient: str, message: OutgoingMessage) -> str:
        """As an answer within Facebook's 24 hours. The page's id in the path fails loudly with another page's token."""
        messenger.need_content(message)
        contents: list[dict[str, Any]] = []
        if message.picture:
            contents.append({"attachment": {"type": "image", "payload": {"url": message.picture, "is_reusable": True}}})
        contents += [{"text": part} for part in messenger.split_text(message.text, LONGEST_TEXT)]
        return [self._message(recipient, content) for content in contents][-1]

    def _message(self, recipient: str, content: dict[str, Any]) -> str:
        body = {"recipient": {"id": recipient}, "messaging_type": "RESPONSE", "message": content}
        response = self.http.post(self._path(self._page, "messages"), json=body, purpose="Send a message")
        sent = text_of(object_of(response, self.label).get("message_id"))
        if not sent:
            raise other_shape(self.label)
        return sent

    # -- the webhook

    @action(
        "Generate random token",
        help_text=(
            "Makes a new Webhook Verify Token, stores it in this account and shows it once, to be pasted into your "
            "Facebook App management page in Webhooks > Edit Page Subscription > Verify Token."
        ),
    )
    def generate_random_token(self) -> Result:
        token = secrets.token_urlsafe(24)
        changed = self.account.apply(self.account.properties, {"webhook_verify_token": token})
        self.account.save(update_fields=["secrets", "updated_at"])
        history.note_changed_secrets(self.account, changed)
        rows = (("Webhook Verify Token", token), ("Callback URL", self.webhook_address()))
        return Result(True, "The token is stored. Copy it now: it is not shown again.", rows=rows)

    @action(
        "Set Webhook",
        help_text="Enters our address in your Facebook app, and attaches the page to the app.",
        applies=lambda provider: provider.can_subscribe,  # type: ignore[attr-defined]
    )
    def set_the_webhook(self) -> Result:
        url = self.webhook_address()
        return self.webhook_result(self.set_webhook(url), url)

    @property
    def can_subscribe(self) -> bool:
        """Whether we can enter our address ourselves. An app token is made of both values."""
        named = {"app_secret", "webhook_verify_token"} <= self.account.stored_secret_names()
        return named and bool(self.properties["app_id"])

    def set_webhook(self, url: str) -> str:
        if not self.can_subscribe:
            raise Rejected(
                "App ID, App secret and Webhook Verify Token are needed to set the webhook.",
                field="app_id", cause=Cause.INCOMPLETE, stage=Stage.SETTINGS,
            )  # fmt: skip
        path = self._path(str(self.properties["app_id"]), "subscriptions")
        before = self.http.get(path, params={"access_token": self._app_token}, purpose="Look at the webhook")
        values = {
            "object": "page", "callback_url": url, "fields": FIELDS, "include_values": "true",
            "verify_token": self.account.secret("webhook_verify_token"), "access_token": self._app_token,
        }  # fmt: skip
        self.http.post(path, data=values, purpose="Set webhook")
        self.http.post(
            self._path(self._page, "subscribed_apps"), data={"subscribed_fields": FIELDS}, purpose="Attach the page"
        )
        known = objects(object_of(before, self.label).get("data"))
        return next((text_of(row.get("callback_url")) for row in known if row.get("object") == "page"), "")

    def greeting(self, request: HttpRequest) -> HttpResponse | None:
        """Facebook's check of the address: the challenge back as it is, for the right verify token only."""
        if request.method != "GET":
            return None
        sent = request.GET.get("hub.verify_token")
        messenger.must_equal(sent, self.account.secret("webhook_verify_token"), what="The webhook verify token")
        challenge = request.GET.get("hub.challenge", "")
        if request.GET.get("hub.mode") != "subscribe" or not (challenge.isascii() and challenge.isdigit()):
            raise NotGenuine("The check of the address has no challenge.")
        return HttpResponse(challenge, content_type="text/plain")

    def verify(self, request: HttpRequest) -> None:
        expected = signature(self.account.secret("app_secret"), messenger.raw_body(request))
        messenger.must_equal(request.headers.get("X-Hub-Signature-256"), expected, what="Facebook's signature")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        """One call may carry several pages of an app: only this account's page is ours. `standby` means that another
        app owns the conversation: kept, not answered."""
        body = messenger.json_object(request)
        for entry in objects(body.get("entry")):
            if text_of(entry.get("id")) != self._page:
                continue
            for found in objects(entry.get("messaging")):
                yield event_of(found, str(self.properties["app_id"]))
            for found in objects(entry.get("standby")):
                yield messenger.event(key_of(found), UNKNOWN, found, user=sender_of(found))

    # -- the test

    def probes(self) -> Iterator[Passed]:
        response = self.http.get(
            f"/{self.properties['graph_version']}/me", params={"fields": "id,name,username"}, purpose="Test connection"
        )
        page = object_of(response, self.label)
        if not page.get("id"):
            raise other_shape(self.label)
        self._must_be_ours(page)
        name = text_of(page.get("name"))
        yield Passed(Stage.AUTHENTICATION, f"Signed in as the page {name}", identity=name)
        if self.properties["app_id"] and self.account.secret("app_secret"):
            yield self._rights()

    def _must_be_ours(self, page: dict[str, Any]) -> None:
        if text_of(page["id"]) != self._page:
            raise messenger.another_account(f"The token belongs to the page {page['id']}, not {self._page}.", "page_id")
        wanted, found = str(self.properties["page_username"]), text_of(page.get("username"))
        if wanted and found and wanted.lower().lstrip("@") != found.lower():
            raise messenger.another_account(f"The page is called {found}, not {wanted}.", "page_username")

    def _rights(self) -> Passed:
        """What the token may do, asked in the name of the app."""
        values = {"input_token": self.account.secret("token"), "access_token": self._app_token}
        response = self.http.get(
            f"/{self.properties['graph_version']}/debug_token", params=values, purpose="Check rights"
        )
        scopes = inner(object_of(response, self.label), "data").get("scopes")
        if not isinstance(scopes, list):
            raise other_shape(self.label)
        if RIGHT not in scopes:
            raise AuthenticationFailed(
                f"The token lacks the permission {RIGHT}.", cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION
            )
        return Passed(Stage.PERMISSION, f"The token may write to customers ({RIGHT})")

    # -- the wire

    @property
    def _page(self) -> str:
        return str(self.properties["page_id"])

    @property
    def _app_token(self) -> str:
        return f"{self.properties['app_id']}|{self.account.secret('app_secret')}"

    def _path(self, of: str, what: str) -> str:
        return f"/{self.properties['graph_version']}/{of}/{what}"

    def authorise(self, request: requests.PreparedRequest) -> None:
        """The page's token in a header, so that no address holds it; calls in the name of the app bring their own."""
        body = request.body if isinstance(request.body, str) else ""
        if "access_token=" not in (request.url or "") and "access_token=" not in body:
            request.headers["Authorization"] = f"Bearer {self.account.secret('token')}"

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        error = error_from_response(response)
        return told(error, response) if error is not None else None


def signature(secret: str, body: bytes) -> str:
    """`sha256=` and the hex HMAC over the raw body; empty without a secret."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}" if secret else ""
