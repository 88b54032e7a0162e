"""One case per provider (and per way to sign in): what the contract test needs to know of it.

A new provider adds an entry; everything that is the same for all is in `contract` and `test_provider_contract`."""

import pytest

from integrations.simulators.servicenow import tokens
from tests.integrations.contract import FAULTS, Case
from tests.integrations.providers.conftest import CLIENT_ID, CLIENT_SECRET, Vendor

Patch = pytest.MonkeyPatch
TOKEN, API = "/oauth_token.do", "/api/now"
IBM_TOKEN = "/identity/token"


def accept_client_secret(vendor: Vendor, secret: str, patch: Patch) -> None:
    patch.setitem(tokens.CLIENTS, CLIENT_ID, secret)


def accept_user_password(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.change("sys_user", vendor.user("integration.user")["sys_id"], user_password=secret)


def accept_token(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(token=secret)


def accept_password(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(password=secret)


def accept_password_and_key(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(password=secret, api_key=secret)


def accept_page_token(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(token=secret, app_secret=secret)


def accept_api_key(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(api_key=secret)


def accept_keys(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(consumer_key=secret, application_key=secret)


# A receiver's answer to a push is not read beyond its status (docs/providers): a damaged body is no fault there.
UNREAD = {"": ("truncated", "wrong_shape")}
# A stream without log-in and without answers has none of these.
ONE_WAY = {
    "": ("bad_credentials", "missing_permission", "rate_limit", "hang", "truncated", "wrong_shape"),
}
NO_VENDOR = {"": tuple(FAULTS)}
CASES = {
    "servicenow": Case(
        "servicenow", {"client_id": CLIENT_ID, "grant_type": "client_credentials"}, {"client_secret": CLIENT_SECRET},
        accept_client_secret, paths=(TOKEN, API), none_at={TOKEN: ("missing_permission",)},
    ),
    "servicenow basic": Case(
        "servicenow", {"grant_type": "basic", "user_name": "integration.user"}, {"password": "demo-password"},
        accept_user_password,
    ),
    "bot_alterra": Case("bot_alterra", {}, {"api_key": "demo-alterra-key"}, accept_api_key),
    "kb_synthetix": Case(
        "kb_synthetix", {}, {"consumer_key": "demo-consumer-key", "application_key": "demo-application-key"},
        accept_keys,
    ),
    "bot_watson": Case(
        "bot_watson", {"workspace_id": "demo-workspace", "username": "demo-watson"},
        {"password": "demo-watson-password"}, accept_password,
    ),
    "bot_watson today": Case(
        "bot_watson", {"api_generation": "v2", "assistant_id": "demo-assistant", "environment_id": "demo-live"},
        {"api_key": "demo-watson-api-key"}, accept_api_key, paths=(IBM_TOKEN, "/v2"),
        none_at={IBM_TOKEN: ("missing_permission",)},
    ),
    "nlu_watson": Case(
        "nlu_watson", {"username": "demo-watson"}, {"password": "demo-watson-password"}, accept_password
    ),
    "nlu_watson today": Case(
        "nlu_watson", {}, {"api_key": "demo-watson-api-key"}, accept_api_key, paths=(IBM_TOKEN, "/v1"),
        none_at={IBM_TOKEN: ("missing_permission",)},
    ),
    "nlu_local": Case("nlu_local", {}, {}, lambda vendor, secret, patch: None, none_at=NO_VENDOR),
    "wfm_http": Case("wfm_http", {}, {"token": "demo-wfm-token"}, accept_token, none_at=UNREAD),
    "loxysoft": Case("loxysoft", {}, {"token": "demo-loxysoft-token"}, accept_token, none_at=UNREAD),
    "next_caller": Case(
        "next_caller", {"username": "demo-nextcaller"}, {"password": "demo-nextcaller-password"}, accept_password
    ),
    "tdg": Case(
        "tdg", {"username": "demo-tdg"}, {"password": "demo-tdg-password", "api_key": "demo-tdg-api-key"},
        accept_password_and_key,
    ),
    "tdg today": Case(
        "tdg", {"api_generation": "today"}, {"api_key": "demo-tdg-api-key"}, accept_password_and_key,
    ),
    "zapier": Case("zapier", {"username": "demo-zapier"}, {"password": "demo-zapier-password"}, accept_password),
    "statistics": Case("statistics", {}, {}, lambda vendor, secret, patch: None, none_at=ONE_WAY),
    "nice": Case(
        "nice", {"username": "demo-nice"}, {"password": "demo-nice-password"}, accept_password, none_at=UNREAD
    ),
    "messenger_telegram": Case(
        "messenger_telegram", {"bot_username": "demo_contact_bot"},
        {"token": "100200300:demo-telegram-token-0123456789abcde"}, accept_token,
    ),
    "messenger_line": Case(
        "messenger_line", {"notify": "on"},
        {"token": "demo-line-channel-access-token", "channel_secret": "demo-line-channel-secret"}, accept_token,
    ),
    "messenger_facebook": Case(
        "messenger_facebook", {"page_id": "1001", "page_username": "demo.page", "app_id": "3003"},
        {"token": "demo-facebook-page-token", "app_secret": "demo-facebook-app-secret"}, accept_page_token,
        paths=("/v25.0/me", "/v25.0/debug_token"),
    ),
    "messenger_viber": Case(
        "messenger_viber", {"bot_username": "Demo Viber"}, {"token": "demo-viber-0123456789-token"}, accept_token
    ),
    "messenger_nexmo": Case(
        "messenger_nexmo", {"key": "demo-key"}, {"secret": "demo-nexmo-secret"},
        lambda vendor, secret, patch: vendor.settings(secret=secret),
    ),
}  # fmt: skip
