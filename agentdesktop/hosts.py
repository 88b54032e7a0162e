"""The pages that may hold the desktop in a frame.

`topDomain` arrives in the address, so anybody can write it. It counts only when it is the origin of an enabled
account whose vendor can embed us; then it is the target of messages and the only allowed `frame-ancestors`."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from integrations.capabilities import EmbedHost
from integrations.models import IntegrationAccount

HOST_NAME = re.compile(r"^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$")
DEFAULT_PORTS = {"http": 80, "https": 443}
# Whose page this is, by the last part of the desktop's address; the address without one is the oldest.
MODULE_OF_PAGE = {
    "": "servicenow",
    "ServiceNow.jsp": "servicenow",
    "Oracle.jsp": "oracle",
    "Zendesk.jsp": "zendesk",
}
TOP_DOMAIN, ORIGIN, APP = "topDomain", "origin", "app_guid"
APP_GUID = re.compile(r"^[A-Za-z0-9-]{1,64}$")


class HostRefused(Exception):
    """`topDomain` belongs to no account that may embed us. `origin` is safe to show and to put into a header."""

    def __init__(self, sentence: str, *, origin: str = "", module: str = "servicenow") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.origin = origin
        self.module = module


@dataclass(frozen=True, slots=True)
class Host:
    """A page that holds the desktop: the account behind it, its origin, and what the browser has to load."""

    account_id: int
    account: str
    name: str
    module: str
    origin: str
    library: str
    simulated: bool

    def public(self) -> dict[str, Any]:
        """What the page may know."""
        return {key: value for key, value in asdict(self).items() if key != "account_id"}


def origin_of(url: str) -> str:
    """`scheme://host[:port]` in lower case without a default port; empty where the text is no web address.

    User names and odd characters are refused, because the result goes into headers."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    if parts.scheme not in DEFAULT_PORTS or not HOST_NAME.match(host) or "@" in parts.netloc:
        return ""
    suffix = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def host_of(request: HttpRequest, page: str) -> Host | None:
    """The host around this page, None where it stands alone. Raises `HostRefused`.

    Zendesk's app framework writes `origin` and `app_guid` into the address, everybody else `topDomain`. Either is only
    a claim."""
    given = request.GET
    zendesks = given.get(ORIGIN, "") if given.get(APP) else ""
    return find_host(given.get(TOP_DOMAIN, "") or zendesks, page)


def kept_query(request: HttpRequest, host: Host | None) -> dict[str, str]:
    """What an address of ours must carry on, so that the next page finds the same host.

    Zendesk's SDK reads `origin` and `app_guid` from the address of the page that it runs in."""
    if host is None:
        return {}
    guid = request.GET.get(APP, "")
    return {ORIGIN: host.origin, APP: guid} if APP_GUID.match(guid) else {TOP_DOMAIN: host.origin}


def find_host(top_domain: str, page: str = "") -> Host | None:
    """The host that `topDomain` names, None where there is none in the address. Raises `HostRefused`.

    Simulated vendors share one origin: between their accounts the page of the desktop decides."""
    if not top_domain.strip():
        return None
    origin = origin_of(top_domain)
    if not origin:
        raise HostRefused(
            _('"%(text)s" is not a web address. topDomain must look like https://example.service-now.com.')
            % {"text": top_domain[:200]},
            module=MODULE_OF_PAGE.get(page, ""),
        )
    same = [host for host in known_hosts() if host.origin == origin]
    if same:
        return next((host for host in same if host.module == MODULE_OF_PAGE.get(page)), same[0])
    sentence = _("This desktop is not set up for %(origin)s.") % {"origin": origin}
    raise HostRefused(sentence, origin=origin, module=MODULE_OF_PAGE.get(page, ""))


def known_hosts() -> list[Host]:
    """Every enabled account whose vendor's pages can hold the desktop, in order of name."""
    accounts = IntegrationAccount.objects.filter(enabled=True)
    return [_host(account) for account in accounts if _embeds(account)]


def _embeds(account: IntegrationAccount) -> bool:
    try:
        return issubclass(account.provider_class, EmbedHost)
    except LookupError:
        return False


def _host(account: IntegrationAccount) -> Host:
    provider = account.connect()
    return Host(
        account_id=account.pk,
        account=str(account.public_id),
        name=account.name,
        module=provider.host_module,
        origin=origin_of(provider.web_origin()),
        library=provider.client_library(),
        simulated=account.simulated,
    )


def framed(request: HttpRequest, response: HttpResponseBase, host: Host | None) -> HttpResponseBase:
    """Let exactly the host's origin hold this page, and run exactly its client library."""
    sources = [SELF, NONCE] + ([origin_of(host.library)] if host and host.library else [])
    return _policy(request, response, {"script-src": sources}, origin=host.origin if host else "")


def readable_in(request: HttpRequest, response: HttpResponseBase, origin: str) -> HttpResponseBase:
    """Let a page of plain words, with nothing to press, be read inside the frame that asked for it."""
    return _policy(request, response, {}, origin=origin)


def _policy(
    request: HttpRequest, response: HttpResponseBase, directives: dict[str, Any], *, origin: str
) -> HttpResponseBase:
    if origin:
        # `X-Frame-Options` cannot name an origin; with `frame-ancestors` present it is not needed.
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
        directives = {**directives, "frame-ancestors": [origin]}
    decorated: Callable[..., HttpResponseBase] = csp_replace(directives)(lambda _request: response)
    return decorated(request)
