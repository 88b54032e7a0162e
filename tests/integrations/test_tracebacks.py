"""Error pages and mails: a secret in a variable, in an exception or in a form does not appear, with DEBUG on or off."""

import sys
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.log import AdminEmailHandler
from django.views.debug import technical_500_response

from integrations.errors import AuthenticationFailed
from integrations.wire import redaction

# Put together here, because the page also shows the source around the fault.
CANARY = "".join(("cana", 'ry <"ü"> value'))


def broken(request: HttpRequest, secret_in_a_dictionary: dict[str, Any]) -> None:
    copy_under_an_innocent_name = secret_in_a_dictionary["key"]
    raise AuthenticationFailed(f"refused {copy_under_an_innocent_name}")


def error_page(request: HttpRequest) -> str:
    try:
        broken(request, {"key": CANARY, "deep": [{"x": CANARY}]})
    except AuthenticationFailed:
        return technical_500_response(request, *sys.exc_info()).content.decode()
    raise AssertionError


@pytest.fixture(params=[True, False])
def reporting(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.DEBUG = request.param


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_a_known_secret_is_nowhere_on_the_page(reporting: None, accept: str) -> None:
    redaction.register(CANARY)
    page = error_page(RequestFactory().get("/", headers={"accept": accept}))
    assert "AuthenticationFailed" in page
    assert "canary" not in page


def test_what_was_typed_into_a_secret_field_is_nowhere_on_the_page(reporting: None) -> None:
    typed = {"client_secret": "canary-typed-1", "password": "canary-typed-2", "name": "visible"}
    request = RequestFactory().post("/", typed, headers={"accept": "text/html"})
    page = error_page(request)
    assert "canary-typed" not in page
    assert "visible" in page


def test_a_field_is_secret_because_a_provider_says_so(reporting: None, plain: Any) -> None:
    page = error_page(RequestFactory().post("/", {"second_key": "canary-declared"}, headers={"accept": "text/html"}))
    assert "canary-declared" not in page


def test_mails_to_the_administrators_are_masked_too(settings: Any, mailoutbox: list[Any]) -> None:
    import logging

    settings.ADMINS = [("a", "a@example.com")]
    redaction.register("canary-mail-1")
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broken", (), None)
    record.request = RequestFactory().post("/", {"password": "canary-mail-2"})
    try:
        broken(record.request, {"key": "canary-mail-1"})
    except AuthenticationFailed:
        record.exc_info = sys.exc_info()
    handler = AdminEmailHandler(include_html=True)
    handler.addFilter(redaction.SecretsFilter())
    handler.handle(record)
    assert len(mailoutbox) == 1
    everything = mailoutbox[0].subject + mailoutbox[0].body + str(mailoutbox[0].alternatives)
    assert "canary" not in everything.replace("canary_", "")
