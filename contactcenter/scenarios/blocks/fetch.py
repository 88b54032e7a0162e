"""Fetch URL: one HTTP request to any address, and what came back in variables."""

import json
from typing import Any
from urllib.parse import urlsplit

import requests
from django import forms

from contactcenter.crm_access import NotConfigured, account_for
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import (
    AccountField,
    BlockSettings,
    HeadersField,
    PathsField,
    TemplateField,
    checked,
)
from contactcenter.scenarios.substitution import VARIABLE, Unsafe, substitute
from integrations import deadlines
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable
from integrations.http import HttpClient, error_from_response, same_origin
from integrations.models import IntegrationAccount
from integrations.wire import wirelog
from integrations.wire.redaction import is_sensitive, mask_url

from .base import FAILED, NEXT, Block
from .requests import ANSWER_KEPT, METHODS, Answer, ask, shown, take_out

NO_BODY, TEXT, JSON, FORM = "none", "text", "json", "form"
TYPES = {TEXT: "text/plain; charset=utf-8", JSON: "application/json", FORM: "application/x-www-form-urlencoded"}
LONGEST_SECONDS = 15


class FetchUrl(Block):
    """Secrets have no place in a scenario, which many may read: an account signs requests to its own address."""

    kind = "fetch_url"
    label = "Fetch URL"
    description = (
        "Sends an HTTP request. $(fetchURLResultCode) and $(fetchURLResultBody) hold status and body of the answer; "
        "values of an answer in JSON go into variables."
    )
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        method = forms.ChoiceField(
            label="Method",
            choices=[(method, method) for method in METHODS],
            initial="GET",
            help_text="POST and PATCH are sent once at the most, also where a server of ours dies meanwhile.",
        )
        url = TemplateField(
            label="URL",
            language="url",
            help_text="For example https://orders.example.com/v1/orders?phone=$(item.customerPhone).",
        )
        account = AccountField(
            help_text="Signs the request, where its address is that of this integration account. Empty: nobody does."
        )
        headers = HeadersField(
            label="Headers",
            required=False,
            initial=dict,
            help_text='For example {"Accept-Language": "en"}. No secrets.',
        )
        body_type = forms.ChoiceField(
            label="Kind of body",
            choices=[
                (NO_BODY, "None"),
                (JSON, "JSON"),
                (FORM, "Form: a JSON object of names and values"),
                (TEXT, "Plain text"),
            ],
            initial=NO_BODY,
            help_text="How values are written in the body.",
        )
        body = TemplateField(
            label="Body",
            required=False,
            widget=forms.Textarea,
            max_length=10_000,
            help_text='For JSON and forms: {"order": "$(order)"}. Variables stand inside quotation marks.',
        )
        seconds = forms.IntegerField(
            label="Time limit",
            min_value=1,
            max_value=LONGEST_SECONDS,
            initial=5,
            help_text=f"Seconds, at most {LONGEST_SECONDS}. Before the call is connected the caller waits that long.",
        )
        variables = PathsField(
            label="Variables from JSON",
            required=False,
            initial=dict,
            help_text='Variables and where their values stand in the answer: {"order": "orders[0].number"}.',
        )

        def clean_url(self) -> str:
            url = str(self.cleaned_data["url"])
            if mask_url(VARIABLE.sub("x", url)) != VARIABLE.sub("x", url):
                raise forms.ValidationError(
                    "The address holds a secret, and a scenario is readable for everybody who may edit it. Choose an "
                    "account instead: it signs the request."
                )
            return url

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            body, kind = cleaned.get("body", ""), cleaned.get("body_type")
            if body and kind in (JSON, FORM):
                try:
                    checked(body, "json")
                    _check_body(json.loads(body), kind)
                except forms.ValidationError as error:
                    self.add_error("body", error)
            return cleaned

    def run(self, context: Context) -> str:
        method = str(context.settings["method"])
        url = context.address("url")
        if not url:
            raise CannotRun("There is no address to ask.")
        account = _account(str(context.settings["account"]), url)
        headers, body = _headers(context), _body(context)
        client = _client(account, url)

        def send() -> Answer:
            response = client.request(method, url, headers=headers, data=body, purpose="Fetch URL", retry=None)
            return Answer(response.status_code, response.text[:ANSWER_KEPT])

        try:
            with wirelog.for_interaction(context.interaction.public_id), deadlines.within(context.settings["seconds"]):
                answer = ask(context, method, send)
        except (CannotRun, IntegrationError) as error:
            self.note(context, getattr(error, "status", None), getattr(error, "vendor_message", ""), str(error))
            raise
        good = answer.status < 400
        self.note(context, answer.status, shown(answer.body), "" if good else f"The answer was {answer.status}.")
        if not good:
            raise CannotRun(f"{urlsplit(url).hostname} answered {answer.status}.")
        take_out(context, answer, context.settings["variables"])
        return NEXT

    def note(self, context: Context, status: int | None, body: str, error: str) -> None:
        """Both pairs of result variables, and for the Log block what is known about a failure."""
        context.set_result(status, body)
        context.set("fetchURLResultCode", str(status or ""))
        context.set("fetchURLResultBody", body)
        context.outcome |= {"status": status}
        if error:
            context.memory.note_failure(
                {"step": context.title, "table": "", "error": error, "attempt": 1, "status": status, "body": body}
            )


def _check_body(parsed: Any, kind: str) -> None:
    if kind == FORM and not (
        isinstance(parsed, dict) and all(isinstance(v, str | int | float | bool) for v in parsed.values())
    ):
        raise forms.ValidationError('Give a JSON object of names and values, for example {"order": "$(order)"}.')
    secret = next(_secrets_in(parsed), "")
    if secret:
        raise forms.ValidationError(
            f'"{secret}" holds a secret, and a scenario is readable for everybody who may edit it. Choose an account '
            "instead: it signs the request."
        )


def _secrets_in(node: Any) -> Any:
    """Names of members that are written out and called like a secret."""
    if isinstance(node, dict):
        for name, value in node.items():
            if is_sensitive(name) and isinstance(value, str) and VARIABLE.sub("", value).strip():
                yield name
            yield from _secrets_in(value)
    elif isinstance(node, list):
        for child in node:
            yield from _secrets_in(child)


def _account(name: str, url: str) -> IntegrationAccount | None:
    if not name:
        return None
    try:
        account = account_for(name, "")
    except NotConfigured as error:
        raise CannotRun(str(error)) from error
    if not account.enabled:
        raise CannotRun(f'The account "{account.name}" is switched off. Switch it on under Integration accounts.')
    return account


def _client(account: IntegrationAccount | None, url: str) -> HttpClient:
    if account is None:
        return HttpClient(None, base_url=url, interpret=_interpret)
    try:
        provider = account.connect()
    except (LookupError, SecretUnreadable) as error:
        raise CannotRun(str(error)) from error
    if not provider.base_url or not same_origin(url, provider.base_url):
        raise CannotRun(f'The account "{account.name}" signs requests to {provider.base_url or "no address"} only.')
    return HttpClient(
        account, base_url=provider.base_url, interpret=_interpret, authorise=provider.authorise, renew=provider.renew
    )


def _interpret(response: requests.Response) -> IntegrationError | None:
    """Any answer is an answer here, but for those that the client itself acts upon."""
    return error_from_response(response) if response.is_redirect or response.status_code == 401 else None


def _headers(context: Context) -> dict[str, str]:
    headers = context.texts("headers", "header")
    for name, value in headers.items():
        if not value.isascii():
            raise CannotRun(f"The header {name} would hold a character that cannot be sent in a header.")
    kind = context.settings["body_type"]
    return {**({"Content-Type": TYPES[kind]} if kind != NO_BODY else {}), **headers}


def _body(context: Context) -> Any:
    kind, template = context.settings["body_type"], context.settings["body"]
    if kind == NO_BODY or not template:
        return None
    if kind == TEXT:
        return context.text("body").encode()
    try:
        filled = substitute(template, context.values.text, "json")
    except Unsafe as error:
        raise CannotRun(f"{context.title}: {error}") from error
    context.resolved["body"] = filled
    return filled.encode() if kind == JSON else {name: _plain(value) for name, value in json.loads(filled).items()}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
