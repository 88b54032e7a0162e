"""What all IBM Watson services share: two ways to sign in, two generations of addresses, IBM's refusals.

A service is a subclass of `Watson` with its `service` name, and a form of `WatsonProperties` that declares the fields
`url`, `username`, `password`, `api_key`, `iam_endpoint` and `ca_certificate`, in the order of the guide. Facts: IBM's
own SDK (ibm-watson 11, ibm-cloud-sdk-core 3.28; the old hosts: watson-developer-cloud 2.10) and its documentation."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from django import forms
from django.core.exceptions import ValidationError

from integrations.actions import Result, action
from integrations.basic_auth import basic
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU, Advice
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Stage
from integrations.oauth import access
from integrations.oauth.access import OAuth2, OAuthConfig
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import PatternField, VendorUrlField
from integrations.providers.base import Provider

IAM = "https://iam.cloud.ibm.com"
IAM_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
# IBM's SDK renews when a fifth of the hour is left.
IAM_LIFE, IAM_MARGIN = timedelta(hours=1), timedelta(minutes=12)
PRIVATE_KEY = "icp-"  # keys of a private cloud: no IAM there, the key itself travels as a password
KEY_USER = "apikey"
OLD_DOMAIN = "watsonplatform.net"
OLD_HOST = re.compile(r"^(?:gateway|stream)(?:-(?P<place>[a-z]{3}))?\.watsonplatform\.net$")
# The short names in old hosts, and the location that each became. IBM's SDK has none of them, so an administrator is
# asked to compare the outcome with the service's credentials; a name that is not here becomes the first location.
LOCATIONS = {
    "wdc": "us-east", "fra": "eu-de", "syd": "au-syd", "tok": "jp-tok", "lon": "eu-gb", "seo": "kr-seo",
}  # fmt: skip
FIRST_LOCATION = "us-south"
VERSION_PATH = re.compile(r"/v[12](/|$)")
OLD_NOTICE = (
    "The address of this account ends in watsonplatform.net. IBM replaced these addresses in December 2019 and "
    "promised them only until December 2020. Press Move to today's address, and enter the API key of the service under "
    "Advanced."
)
MANAGE = "cloud.ibm.com: Resource list, AI / Machine Learning, your service, Manage"
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "IBM does not accept the user name and password, or the API key, of this account.",
        YOU,
        "Copy the API key of the service's credentials again. Only old services have a user name and a password.",
        (MANAGE, "Copy API key and URL from Credentials", "Enter them here under API key (Advanced) and URL, and save"),
    ),
    Cause.NO_PERMISSION: Advice(
        "The key is known to IBM Cloud, but may not use this service.",
        THEIR_ADMINISTRATOR,
        "Give the key's owner the service role Reader or Writer on this service, or use the key that the service's "
        "own credentials show.",
        ("cloud.ibm.com: Manage, Access (IAM), Users or Service IDs", "Assign access to the Watson service"),
    ),
    Cause.WRONG_HOST: Advice(
        "There is no Watson service at this address. The addresses ending in watsonplatform.net were promised only "
        "until December 2020.",
        YOU,
        "Press Move to today's address, or copy the URL from the service's credentials.",
        (MANAGE, "Copy URL from Credentials", "Enter it here as the URL and save"),
    ),
    Cause.NOT_FOUND: Advice(
        "IBM does not know the instance, or something else that the account names.",
        YOU,
        "Compare the URL with the one in the service's credentials, with all that follows /instances/.",
        (MANAGE, "Copy URL from Credentials"),
    ),
}


# -- properties


def username_field(*, label: str = "Username") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=200,
        strip=True,
        help_text=(
            "From the service credentials of an old Watson service. Services of today have an API key instead, see "
            "Advanced; it is also taken as the password of the user apikey."
        ),
    )


def password_field() -> SecretField:
    return SecretField(
        label="Password",
        required=False,
        strip=False,
        help_text="Beside the user name in the service credentials. Empty where the account has an API key.",
    )


def api_key_field() -> SecretField:
    return SecretField(
        label="API key",
        required=False,
        help_text=(
            f"The way of today, used instead of user name and password. {MANAGE}, Credentials. Exchanged at IBM Cloud "
            "for a token of one hour, which renews itself."
        ),
    )


def version_field(**kwargs: Any) -> PatternField:
    """The date that every call names; by it IBM keeps old clients working."""
    return PatternField(
        regex=r"^20\d\d-\d\d-\d\d$", says="A date, year first. Example: 2022-08-10", label="Version date",
        max_length=10, **kwargs,
    )  # fmt: skip


def iam_endpoint_field() -> VendorUrlField:
    return VendorUrlField(
        label="Token address",
        https_only=True,
        origin_only=True,
        required=False,
        initial="",
        help_text=f"Where API keys become tokens. Empty: {IAM}. Another one only for a private or test cloud of IBM.",
    )


class WatsonProperties(PropertiesForm):
    """Rules for the fields that each service declares. Subclasses add to `advanced`, never leave these out of it."""

    advanced: ClassVar[tuple[str, ...]] = ("api_key", "iam_endpoint", "ca_certificate")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.filled("api_key"):
            for name in ("username", "password"):
                self.need(name, "This is needed, unless an API key is given under Advanced.")
        return cleaned

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if ":" in name:
            raise ValidationError("A user name cannot contain a colon.")
        return name

    def clean_api_key(self) -> str:
        key = str(self.cleaned_data["api_key"])
        if not key.isprintable() or not key.isascii():
            raise ValidationError("The key holds characters that no API key has. Copy it again.")
        return key


# -- addresses


def is_old(url: str) -> bool:
    """Whether an address is of the generation that ended in December 2020."""
    return (urlsplit(url).hostname or "").endswith(f".{OLD_DOMAIN}")


def split_address(url: str, old_service: str) -> tuple[str, str]:
    """A service's root without a trailing slash, and what the address has below it (from /v1 on, with the query).

    Takes every form in which IBM and the guide write addresses: the bare host, the root, a whole operation.
    `old_service` is the service's name in the paths of the old hosts, which share one host among all services."""
    parts = urlsplit(url)
    version = VERSION_PATH.search(parts.path)
    before = (parts.path[: version.start()] if version else parts.path).rstrip("/")
    if is_old(url) and not before:
        before = f"/{old_service}/api"
    below = parts.path[version.start() :] if version else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{before}", below + query


def todays_address(url: str, service: str, old_service: str) -> str:
    """The address of the same location on today's hosts; the path below the service's root stays."""
    found = OLD_HOST.match((urlsplit(url).hostname or "").lower())
    location = LOCATIONS.get(found["place"] or "", FIRST_LOCATION) if found else FIRST_LOCATION
    below = split_address(url, old_service)[1]
    return f"{urlsplit(url).scheme}://api.{location}.{service}.watson.cloud.ibm.com{below}"


# -- the provider


class Watson(OAuth2, Provider):
    """Base of the Watson services. Requests go below the service's root, as in `self.http.get("/v1/voices")`.

    Signed with a bearer token where the account has an API key, else with user name and password."""

    service: ClassVar[str]  # in today's host names: "speech-to-text", "assistant" ...
    old_service: ClassVar[str] = ""  # in the paths of the old hosts, where it is another word
    advice = ADVICE

    @property
    def stored_url(self) -> str:
        return str(self.properties["url"])

    @property
    def base_url(self) -> str:
        """The service's root; a simulated account goes to the simulator in the box."""
        if self.account.simulated:
            return self.account.simulator_url
        return split_address(self.stored_url, self.old_service or self.service)[0]

    @property
    def has_old_address(self) -> bool:
        return is_old(self.stored_url) and not self.account.simulated

    def notices(self) -> Iterator[str]:
        yield from super().notices()
        if self.has_old_address:
            yield OLD_NOTICE

    # -- signing in

    @property
    def uses_iam(self) -> bool:
        key = self.account.secret("api_key")
        return bool(key) and not key.startswith(PRIVATE_KEY)

    def oauth_config(self) -> OAuthConfig:
        endpoint = self.account.simulator_url if self.account.simulated else self.properties["iam_endpoint"] or IAM
        key = self.account.secret("api_key")
        return OAuthConfig(
            token_url=f"{endpoint}/identity/token",
            client_id="",
            client_secret="",
            grant="client_credentials" if self.uses_iam else "basic",
            own_form=(("grant_type", IAM_GRANT), ("apikey", key), ("response_type", "cloud_iam")),
            access_life=IAM_LIFE,
            margin=IAM_MARGIN,
        )

    def authorise(self, request: requests.PreparedRequest) -> None:
        if self.uses_iam:
            super().authorise(request)
            return
        key = self.account.secret("api_key")
        user, password = (KEY_USER, key) if key else (self.properties["username"], self.account.secret("password"))
        request.headers["Authorization"] = basic(f"{user}:{password}")

    def renew(self, response: requests.Response) -> bool:
        return self.uses_iam and super().renew(response)

    def token_error(self, response: requests.Response) -> IntegrationError:
        """IAM's own words: `{"errorCode": "BXNIM0415E", "errorMessage": ...}`, with status 400 for an unknown key."""
        code, words = _iam_words(response)
        if not code:
            return super().token_error(response)
        allowed = response.status_code != 403
        return AuthenticationFailed(
            "IBM Cloud does not accept the API key." if allowed else "IBM Cloud does not let this API key in.",
            cause=Cause.BAD_CREDENTIALS if allowed else Cause.NO_PERMISSION,
            stage=Stage.AUTHENTICATION if allowed else Stage.PERMISSION,
            status=response.status_code,
            vendor_code=code,
            vendor_message=words,
        )

    # -- buttons

    @action(
        "Move to today's address",
        help_text="Replaces the old host of watsonplatform.net by today's host of the same location.",
        applies=lambda provider: isinstance(provider, Watson) and is_old(provider.stored_url),
    )
    def move_to_todays_address(self) -> Result:
        url = todays_address(self.stored_url, self.service, self.old_service or self.service)
        self.account.properties = {**self.account.properties, "url": url}
        self.account.save()
        return Result(
            True,
            f"The URL is {url} now. Compare it with the one in the service's credentials: where that ends in "
            "/instances/ and an id, copy it from there. Services of today want an API key (under Advanced). Then press "
            "Test connection.",
        )

    @action(
        "Forget tokens",
        help_text="Deletes the token that was fetched with the API key. The next use fetches another one.",
        applies=lambda provider: isinstance(provider, Watson) and provider.uses_iam,
    )
    def forget_tokens(self) -> Result:
        access.forget(self)
        return Result(True, "The token was deleted here. IBM Cloud ends it within the hour.")


def _iam_words(response: requests.Response) -> tuple[str, str]:
    try:
        body = response.json()
    except ValueError:
        return "", ""
    found = body if isinstance(body, dict) else {}
    return str(found.get("errorCode") or ""), str(found.get("errorMessage") or "")
