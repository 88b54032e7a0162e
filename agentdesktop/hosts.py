"""The pages that may hold the desktop in a frame.

`topDomain` arrives in the address, so anybody can write it. It counts only when it is the origin of an enabled
account whose vendor can embed us; then it is the target of messages, and that account's origins are the only allowed
`frame-ancestors`. Salesforce writes its own parameter, `sfdcIFrameOrigin`, and where even that is missing the page that
the browser came from says whose frame this is; both count by the same rule."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
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
    "Salesforce.jsp": "salesforce",
}
TOP_DOMAIN, ORIGIN, APP = "topDomain", "origin", "app_guid"
SALESFORCE_ORIGIN, MODE = "sfdcIFrameOrigin", "mode"
APP_GUID = re.compile(r"^[A-Za-z0-9-]{1,64}$")
# What Salesforce adds to the address and its libraries read again after a log-in has replaced the page.
SALESFORCES_OWN = (SALESFORCE_ORIGIN, "sfdcIFrameHost", "nonce", MODE)
LONGEST_VALUE = 300


class HostRefused(Exception):
    """`topDomain` belongs to no account that may embed us. `origin` is safe to show and to put into a header."""

    def __init__(self, sentence: str, *, origin: str = "", module: str = "servicenow") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.origin = origin
        self.module = module


@dataclass(frozen=True, slots=True)
class Host:
    """A page that holds the desktop: the account behind it, its origin, and what the browser has to load.

    `mode` names the user interface where the vendor has several, `origins` are all that the account's pages have."""

    account_id: int
    account: str
    name: str
    module: str
    origin: str
    library: str
    simulated: bool
    mode: str = ""
    origins: tuple[str, ...] = ()

    def public(self) -> dict[str, Any]:
        """What the page may know."""
        return {key: value for key, value in asdict(self).items() if key not in ("account_id", "origins")}


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

    Zendesk's app framework writes `origin` and `app_guid` into the address, Salesforce its own parameters, everybody
    else `topDomain`. Each is only a claim."""
    if MODULE_OF_PAGE.get(page) == "salesforce":
        return _in_salesforce(request, page)
    given = request.GET
    zendesks = given.get(ORIGIN, "") if given.get(APP) else ""
    return find_host(given.get(TOP_DOMAIN, "") or zendesks, page)


def _in_salesforce(request: HttpRequest, page: str) -> Host | None:
    """Salesforce's own parameter wins, because it names the page that holds us now; a `topDomain` beside it must belong
    to the same account."""
    given = [origin for name in (SALESFORCE_ORIGIN, TOP_DOMAIN) if (origin := request.GET.get(name, "").strip())]
    named = given or [came_from(request)]
    found = [find_host(origin, page, mode=request.GET.get(MODE, "")) for origin in named]
    if len({host.account_id for host in found if host}) > 1:
        raise _refused(origin_of(named[0]), page)
    return found[0]


def came_from(request: HttpRequest) -> str:
    """The origin of the page whose frame asks for ours; empty where this is no frame, or a page of ours asked."""
    origin = origin_of(request.headers.get("Referer", ""))
    ours = origin_of(f"{request.scheme}://{request.get_host()}")
    return origin if request.headers.get("Sec-Fetch-Dest") == "iframe" and origin != ours else ""


def kept_query(request: HttpRequest, host: Host | None) -> dict[str, str]:
    """What an address of ours must carry on, so that the next page finds the same host.

    The libraries of Salesforce and Zendesk read the address of the page that they run in, or the page before; after a
    log-in the page before is ours."""
    if host is None:
        return {}
    if host.module == "salesforce":
        given = {name: request.GET.get(name, "")[:LONGEST_VALUE] for name in SALESFORCES_OWN}
        return {**given, SALESFORCE_ORIGIN: host.origin}
    guid = request.GET.get(APP, "")
    return {ORIGIN: host.origin, APP: guid} if APP_GUID.match(guid) else {TOP_DOMAIN: host.origin}


def find_host(top_domain: str, page: str = "", *, mode: str = "") -> Host | None:
    """The host that `topDomain` names, None where there is none in the address. Raises `HostRefused`.

    Simulated vendors share one origin: between their accounts the page of the desktop decides. Between two user
    interfaces of one vendor the origin decides, unless the vendor says in `mode` which it is."""
    if not top_domain.strip():
        return None
    origin = origin_of(top_domain)
    if not origin:
        raise HostRefused(
            _('"%(text)s" is not a web address. topDomain must look like https://example.service-now.com.')
            % {"text": top_domain[:200]},
            module=MODULE_OF_PAGE.get(page, ""),
        )
    known = known_hosts()
    same = [host for host in known if host.origin == origin]
    if not same:
        raise _refused(origin, page)
    found = next((host for host in same if host.module == MODULE_OF_PAGE.get(page)), same[0])
    ours = (host for host in known if host.account_id == found.account_id)
    told = next((host for host in ours if mode and host.mode == mode.lower()), found)
    return replace(found, library=told.library, mode=told.mode)


def _refused(origin: str, page: str) -> HostRefused:
    sentence = _("This desktop is not set up for %(origin)s.") % {"origin": origin}
    return HostRefused(sentence, origin=origin, module=MODULE_OF_PAGE.get(page, ""))


def known_hosts() -> list[Host]:
    """Every place of every enabled account whose vendor's pages can hold the desktop, accounts in order of name."""
    accounts = IntegrationAccount.objects.filter(enabled=True)
    return [host for account in accounts if _embeds(account) for host in _hosts(account)]


def _embeds(account: IntegrationAccount) -> bool:
    try:
        return issubclass(account.provider_class, EmbedHost)
    except LookupError:
        return False


def _hosts(account: IntegrationAccount) -> list[Host]:
    provider = account.connect()
    places = [replace(place, origin=origin_of(place.origin)) for place in provider.places()]
    origins = tuple(dict.fromkeys(place.origin for place in places if place.origin))
    return [
        Host(
            account_id=account.pk,
            account=str(account.public_id),
            name=account.name,
            module=provider.host_module,
            origin=place.origin,
            library=place.library,
            simulated=account.simulated,
            mode=place.mode,
            origins=origins,
        )
        for place in places
    ]


def framed(request: HttpRequest, response: HttpResponseBase, host: Host | None) -> HttpResponseBase:
    """Let exactly the account's own origins hold this page, and run exactly its client library."""
    sources = [SELF, NONCE] + ([origin_of(host.library)] if host and host.library else [])
    return _policy(request, response, {"script-src": sources}, origins=host.origins if host else ())


def readable_in(request: HttpRequest, response: HttpResponseBase, origin: str) -> HttpResponseBase:
    """Let a page of plain words, with nothing to press, be read inside the frame that asked for it."""
    return _policy(request, response, {}, origins=(origin,) if origin else ())


def _policy(
    request: HttpRequest, response: HttpResponseBase, directives: dict[str, Any], *, origins: tuple[str, ...]
) -> HttpResponseBase:
    if origins:
        # `X-Frame-Options` cannot name an origin; with `frame-ancestors` present it is not needed.
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
        directives = {**directives, "frame-ancestors": list(origins)}
    decorated: Callable[..., HttpResponseBase] = csp_replace(directives)(lambda _request: response)
    return decorated(request)
