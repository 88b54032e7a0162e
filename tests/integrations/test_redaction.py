"""Masking: by name, by value, in every form in which a secret can appear."""

import base64
import html
import json
import logging
import threading
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest

from integrations.fields import Sealed
from integrations.models import IntegrationAccount, OAuthToken
from integrations.wire import redaction

SECRET = "p@ss/w+rd=&\"'é<1>x"


@pytest.mark.parametrize(
    "shown",
    [
        SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), urlencode({"k": SECRET}), json.dumps(SECRET),
        json.dumps({"a": SECRET}, ensure_ascii=False), html.escape(SECRET), repr(SECRET), html.escape(repr(SECRET)),
        *(base64.b64encode(f"{user}:{SECRET}".encode()).decode() for user in ("", "a", "ab", "abc", "someone@x.org")),
        *(base64.b64encode(f"{user}:{SECRET}:tail".encode()).decode() for user in ("a", "ab", "abc")),
        base64.urlsafe_b64encode(f"ab:{SECRET}".encode()).decode(),
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_every_form(shown: str) -> None:
    masked = redaction.mask(f"before {shown} after", [SECRET])
    assert redaction.MASK in masked
    assert shown not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    redaction.register("canary-one", "canary-one-and-more")
    assert redaction.mask("canary-one-and-more") == "***"


def test_short_values_are_masked_where_they_stand_alone_only() -> None:
    redaction.register("abc", "secret")
    assert redaction.mask("abc secretary: secret, my_secret") == "abc secretary: ***, my_secret"


def test_opening_or_closing_an_encrypted_value_makes_it_known() -> None:
    Sealed.of({"api_key": "canary-new-1"})
    sealed = Sealed.of(["canary-new-2"])
    redaction.forget("canary-new-2")
    sealed.reveal()
    assert redaction.mask("canary-new-1 canary-new-2") == "*** ***"


def test_a_value_for_one_use_is_forgotten_afterwards() -> None:
    with redaction.temporarily("canary-dialog"):
        assert redaction.mask("canary-dialog") == "***"
    assert redaction.mask("canary-dialog") == "canary-dialog"


def test_a_stored_secret_stays_known_when_a_dialog_held_the_same_value() -> None:
    redaction.register("canary-same")
    with redaction.temporarily("canary-same"):
        pass
    assert redaction.mask("canary-same") == "***"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "MOST_REMEMBERED", 3)
    redaction.register(*(f"canary-{n}" for n in range(5)))
    assert redaction.mask("canary-1 canary-4") == "canary-1 ***"


def test_many_threads_register_without_harm() -> None:
    threads = [
        threading.Thread(target=lambda n=n: [redaction.register(f"canary-{n}-{i}") for i in range(20)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redaction.mask("canary-3-19 canary-7-0") == "*** ***"


@pytest.mark.parametrize(
    "name",
    [
        "password", "Password", "user_password", "passwd", "client_secret", "clientSecret", "access_token",
        "refresh-token", "token", "Authorization", "Proxy-Authorization", "api_key", "apiKey", "X-Api-Key",
        "private_key", "code_verifier", "Set-Cookie", "X-UserToken", "X-Hub-Signature", "credentials",
    ],
)  # fmt: skip
def test_names_that_hold_secrets(name: str) -> None:
    assert redaction.is_sensitive(name)
    assert redaction.mask_json({name: "x"}) == {name: "***"}


@pytest.mark.parametrize(
    "name",
    ["token_type", "expires_in", "code", "name", "keep_alive", "token_url", "tokens_left", "passed", "key_count"],
)
def test_names_that_do_not(name: str) -> None:
    assert redaction.mask_json({name: "x"}) == {name: "x"}


def test_the_shape_of_json_stays() -> None:
    value = {"a": [1, None, True, {"token": ""}, {"token": 7}], "b": {"c": 1.5}}
    assert redaction.mask_json(value) == {"a": [1, None, True, {"token": ""}, {"token": "***"}], "b": {"c": 1.5}}


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://u:p@h/x?a=1", "https://h/x?a=1"),
        ("https://h/x?token=abc&a=1%202", "https://h/x?token=***&a=1+2"),
        ("https://h/cb?code=abc&state=s", "https://h/cb?code=***&state=s"),
        ("https://h/x?q=a%2Bb^ORc", "https://h/x?q=a%2Bb^ORc"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_urls_are_masked_and_else_untouched(url: str, masked: str) -> None:
    assert redaction.mask_url(url) == masked


def test_text_of_no_known_form_is_masked_by_name() -> None:
    text = '<password>abc</password> client_secret=abc; "api_key": "abc" user: abc'
    assert redaction.mask_text(text) == '<password>***</password> client_secret=***; "api_key": "***" user: abc'


def test_the_text_of_an_xml_element_is_masked_whole_whatever_it_holds() -> None:
    text = '<w:User>ann</w:User><w:Password Type="x#PasswordText">a b&amp;c;"d</w:Password><m:Query>id</m:Query>'
    masked = '<w:User>ann</w:User><w:Password Type="x#PasswordText">***</w:Password><m:Query>id</m:Query>'
    assert redaction.mask_text(text) == masked


def test_every_log_line_is_masked_with_its_arguments_and_its_traceback(caplog: Any) -> None:
    redaction.register("canary-log-1")
    try:
        raise ValueError("canary-log-1")
    except ValueError:
        record = logging.LogRecord("x", 40, __file__, 1, "%s and %r", ("canary-log-1", {"k": "canary-log-1"}), None)
        import sys

        record.exc_info = sys.exc_info()
    assert redaction.SecretsFilter().filter(record)
    line = logging.Formatter().format(record)
    assert "canary" not in line
    assert "ValueError: ***" in line


def test_a_log_line_with_wrong_arguments_is_still_written_masked() -> None:
    redaction.register("canary-log-2")
    record = logging.LogRecord("x", 40, __file__, 1, "%d", ("canary-log-2",), None)
    assert redaction.SecretsFilter().filter(record)
    assert record.getMessage() == "%d ('***',)"


def test_the_filter_stands_in_the_settings(settings: Any) -> None:
    for handler in settings.LOGGING["handlers"].values():
        assert "secrets" in handler["filters"]


@pytest.mark.django_db(transaction=True)
def test_the_secrets_of_an_account_are_its_own_and_its_tokens(plain: IntegrationAccount) -> None:
    OAuthToken.objects.create(account=plain, access=Sealed.of(["a-token", "mark"]), refresh=Sealed.of("r-token"))
    assert {"canary-api-key-1", "a-token", "r-token"} <= set(plain.secret_values())


@pytest.mark.django_db(transaction=True)
def test_unreadable_secrets_are_left_out(plain: IntegrationAccount, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    assert plain.secret_values() == []
