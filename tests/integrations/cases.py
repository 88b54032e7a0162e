"""One case per provider (and per way to sign in): what the contract test needs to know of it.

A new provider adds an entry; everything that is the same for all is in `contract` and `test_provider_contract`."""

import pytest

from integrations.simulators.servicenow import tokens
from integrations.simulators.sso.keys import published
from tests.integrations.contract import FAULTS, Case
from tests.integrations.providers.conftest import CLIENT_ID, CLIENT_SECRET, Vendor

Patch = pytest.MonkeyPatch
SALESFORCE_KEY = "demo-salesforce-consumer-key-3MVG9"
TOKEN, API = "/oauth_token.do", "/api/now"
ZENDESK_CLIENT, ZENDESK_TOKEN = "demo_zendesk_client", "/oauth/tokens"
IBM_TOKEN = "/identity/token"


def accept_client_secret(vendor: Vendor, secret: str, patch: Patch) -> None:
    patch.setitem(tokens.CLIENTS, CLIENT_ID, secret)


def accept_user_password(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.change("sys_user", vendor.user("integration.user")["sys_id"], user_password=secret)


def accept_token(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(token=secret)


def accept_auth_key(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(authentication_key=secret)


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


def accept_secret_key(vendor: Vendor, secret: str, patch: Patch) -> None:
    vendor.settings(secret_key=secret)


# A receiver's answer to a push is not read beyond its status (docs/providers): a damaged body is no fault there.
UNREAD = {"": ("truncated", "wrong_shape")}
# A stream without log-in and without answers has none of these.
ONE_WAY = {
    "": (
        "bad_credentials",
        "expired_token",
        "revoked_token",
        "missing_permission",
        "rate_limit",
        "hang",
        "half_close",
        "truncated",
        "wrong_shape",
        "certificate",
    ),
}
# A stream without log-in that answers can be silent, half-open, or say something else.
ANSWERED = ("hang", "half_close", "wrong_shape")
# A log-in page is a web page, whatever it says; only the metadata can be a page by mistake.
LOGIN_PAGE, METADATA = "/sso/saml", "/metadata"
ANY_PAGE = {LOGIN_PAGE: ("html",)}


def single_sign_on(key: str) -> Case:
    """Both kinds are alike. They keep no secret: what they hold is the other side's public certificate."""
    properties = {
        "enable_single_sign_on": True,
        "identity_provider_issuer": f"urn:simulator:{key}",
        "identity_provider_certificate": published().certificate,
    }
    return Case(key, properties, {}, lambda vendor, secret, patch: None, paths=(LOGIN_PAGE, METADATA), none_at=ANY_PAGE)


NO_VENDOR = {"": tuple(FAULTS)}
CASES = {
    "servicenow": Case(
        "servicenow", {"client_id": CLIENT_ID, "grant_type": "client_credentials"}, {"client_secret": CLIENT_SECRET},
        accept_client_secret, paths=(TOKEN, API), none_at={TOKEN: ("missing_permission", "expired_token")},
    ),
    "servicenow basic": Case(
        "servicenow", {"grant_type": "basic", "user_name": "integration.user"}, {"password": "demo-password"},
        accept_user_password,
    ),
    "salesforce": Case(
        "salesforce", {"consumer_key": SALESFORCE_KEY, "grant_type": "client_credentials"},
        {"consumer_secret": "demo-salesforce-consumer-secret"},
        lambda vendor, secret, patch: vendor.settings(consumer_secret=secret),
        paths=("/services/oauth2/token", "/services/oauth2/userinfo", "/services/data"),
        none_at={"/services/oauth2/token": ("missing_permission", "expired_token")},
    ),
    "aws_s3": Case(
        "aws_s3", {"access_key_id": "AKIADEMOSTORAGE00001", "s3_bucket": "demo-recordings"},
        {"secret_key": "demo-storage-secret-key-0123456789abcdef"}, accept_secret_key,
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
    "sso_agent_desktop": single_sign_on("sso_agent_desktop"),
    "sso_admin": single_sign_on("sso_admin"),
    "zapier": Case("zapier", {"username": "demo-zapier"}, {"password": "demo-zapier-password"}, accept_password),
    "zendesk": Case(
        "zendesk", {"authorization_type": "client_credentials", "client_id": ZENDESK_CLIENT},
        {"client_secret": "demo-zendesk-client-secret"},
        lambda vendor, secret, patch: vendor.settings(client_secret=secret), paths=(ZENDESK_TOKEN, "/api/v2"),
        none_at={ZENDESK_TOKEN: ("missing_permission", "expired_token")},
    ),
    "zendesk api token": Case(
        "zendesk", {"authorization_type": "api_token", "user_name": "integration@example.com"},
        {"api_token": "demo-zendesk-api-token"}, lambda vendor, secret, patch: vendor.settings(api_token=secret),
    ),
    "statistics": Case("statistics", {}, {}, lambda vendor, secret, patch: None, none_at=ONE_WAY),
    "wfm_aspect": Case("wfm_aspect", {}, {}, lambda vendor, secret, patch: None, none_at=ONE_WAY),
    "wfm_verint": Case("wfm_verint", {}, {}, lambda vendor, secret, patch: None, none_at=ONE_WAY),
    "wfm_calabrio": Case("wfm_calabrio", {}, {"auth_key": "demo-calabrio-key"}, accept_auth_key, none_at=UNREAD),
    "wfm_calabrio soap": Case(
        "wfm_calabrio", {"interface": "soap"}, {"auth_key": "demo-calabrio-key"}, accept_auth_key
    ),
    "nice": Case(
        "nice", {"username": "demo-nice"}, {"password": "demo-nice-password"}, accept_password, none_at=UNREAD
    ),
    "nice_uptivity": Case(
        "nice_uptivity", {}, {}, lambda vendor, secret, patch: None,
        none_at={"": tuple(fault for fault in ONE_WAY[""] if fault not in ANSWERED)},
    ),
    "nice_uptivity web": Case(
        "nice_uptivity", {"interface": "http", "username": "demo-uptivity"},
        {"password": "demo-uptivity-password"}, accept_password,
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
    "stt_watson": Case(
        "stt_watson", {}, {"api_key": "demo-watson-api-key"}, accept_api_key,
        paths=("/identity/token", "/v1/models", "/v1/recognize"), none_at={"/identity/token": ("missing_permission",)},
    ),
    "stt_watson basic": Case(
        "stt_watson", {"username": "demo-watson"}, {"password": "demo-watson-password"}, accept_password
    ),
    "stt_govivace": Case("stt_govivace", {}, {"api_key": "demo-govivace-key"}, accept_api_key),
    "tts_watson": Case(
        "tts_watson", {}, {"api_key": "demo-watson-api-key"}, accept_api_key,
        paths=("/identity/token", "/v1/voices"), none_at={"/identity/token": ("missing_permission",)},
    ),
    "tts_watson basic": Case(
        "tts_watson", {"username": "demo-watson"}, {"password": "demo-watson-password"}, accept_password
    ),
    "tts_google": Case("tts_google", {}, {"api_key": "demo-google-api-key-0123456789"}, accept_api_key),
    "oracle_service_cloud": Case(
        "oracle_service_cloud", {"user_name": "integration"}, {"password": "demo-oracle-password"}, accept_password
    ),
    "oracle_service_cloud oauth": Case(
        "oracle_service_cloud", {"authentication": "oauth", "client_id": "demo-oracle-client"},
        {"client_secret": "demo-oracle-client-secret"},
        lambda vendor, secret, patch: vendor.settings(client_secret=secret),
        paths=("/oauth2", "/services/rest"), none_at={"/oauth2": ("missing_permission",)},
    ),
    "rightnow": Case("rightnow", {"user_name": "integration"}, {"password": "demo-rightnow-password"}, accept_password),
    "messenger_nexmo": Case(
        "messenger_nexmo", {"key": "demo-key"}, {"secret": "demo-nexmo-secret"},
        lambda vendor, secret, patch: vendor.settings(secret=secret),
    ),
}  # fmt: skip
