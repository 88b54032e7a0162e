"""Logging in by a simulated identity provider as a browser does it, without one: links and forms are followed."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.test import Client

from integrations.models import IntegrationAccount
from integrations.simulators.sso import keys
from tests.factories import AccountFactory


def sso_account(key: str, **properties: Any) -> IntegrationAccount:
    """A simulated account that is switched on."""
    values = {
        "enable_single_sign_on": True,
        "identity_provider_issuer": f"urn:simulator:{key}",
        "identity_provider_certificate": keys.published().certificate,
        **properties,
    }
    account: IntegrationAccount = AccountFactory(provider=key, name=f"SSO {key}", properties=values)
    return account


def fields(page: str) -> tuple[str, dict[str, str]]:
    """The form that posts an answer: where to, and its hidden fields."""
    found = re.search(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page, re.IGNORECASE)
    assert found, page[:2000]
    inputs = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    return unescape(found.group(1)), {name: unescape(value) for name, value in inputs}


def answer_for(address: str, user: str) -> tuple[str, dict[str, str]]:
    """At the simulator: the log-in page of a request, a person chosen, the answer as its form holds it."""
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    links = re.findall(r'action="(/[^"]+/login\?user=' + re.escape(user) + r'[^"]*)"', page.text)
    page = requests.post(urljoin(address, unescape(links[0])), timeout=10)
    assert page.status_code == 200, page.text
    return fields(page.text)


def post_answer(where: str, form: dict[str, str]) -> Any:
    """From the identity provider's page, another site: our `SameSite=Lax` cookie does not come along."""
    return Client().post(urlsplit(where).path, form)


def log_in(browser: Client, start: str, user: str) -> Any:
    """The whole way; the answer to the last step."""
    out = browser.get(start)
    assert out.status_code == 302, out.content
    back = post_answer(*answer_for(out["Location"], user))
    return browser.get(back["Location"]) if back.status_code == 302 else back


def begin_there(simulator: str, browser: Client, user: str, relay_state: str = "") -> Any:
    """A log-in that the identity provider begins."""
    given = {"user": user, "RelayState": relay_state}
    page = requests.post(f"{simulator}/login", params=given, timeout=10)
    back = post_answer(*fields(page.text))
    return browser.get(back["Location"]) if back.status_code == 302 else back
