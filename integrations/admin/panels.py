"""Cards of the account page. The upper app adds cards of its own kind through `IntegrationAccountAdmin.panels`."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations import sign_on
from integrations.expiry.forecast import forecast
from integrations.expiry.horizon import expiries_of
from integrations.models import IntegrationAccount
from integrations.our_addresses import EnteredAtVendor
from integrations.quotas import DailyQuota, use_of

from .buttons import UNREADABLE

EXCHANGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Panel:
    """A card: its title, the template of its body, and what that template reads as `panel.data`."""

    title: str
    template: str
    data: dict[str, Any] = field(default_factory=dict)


def health_panel(account: IntegrationAccount) -> Panel:
    use = use_of(account) if issubclass(account.provider_class, DailyQuota) else None
    return Panel(_("Health"), "integrations/account/panel_health.html", {"account": account, "use": use})


def tokens_panel(account: IntegrationAccount) -> Panel:
    token = getattr(account, "token", None)
    data = {"account": account, "token": token, "forecast": forecast(account)}
    return Panel(_("Tokens"), "integrations/account/panel_tokens.html", data)


def addresses_panel(account: IntegrationAccount) -> Panel | None:
    """What is entered at the vendor about us; None where there is nothing, or the settings cannot be read."""
    try:
        provider = account.connect()
    except UNREADABLE:
        return None
    found = provider.our_addresses() if isinstance(provider, EnteredAtVendor) else []
    title = _("To enter at %s") % provider.type.label
    return Panel(title, "integrations/account/panel_addresses.html", {"addresses": found}) if found else None


def ends_panel(account: IntegrationAccount) -> Panel | None:
    """What ends when; None where nothing is known to end."""
    found = expiries_of(account)
    return Panel(_("What ends when"), "integrations/account/panel_ends.html", {"expiries": found}) if found else None


def sign_on_panel(account: IntegrationAccount) -> Panel:
    data = {"account": account, "events": sign_on.recent(account)}
    return Panel(_("Log-ins"), "integrations/account/panel_sign_on.html", data)


def wire_log_panel(account: IntegrationAccount) -> Panel:
    calls = account.calls.defer("request_body", "response_body", "request_headers", "response_headers")
    data = {"account": account, "calls": list(calls.order_by("-id")[:EXCHANGES_SHOWN])}
    return Panel(_("Wire log"), "integrations/account/panel_wirelog.html", data)
