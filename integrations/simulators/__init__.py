"""Local stand-ins for the vendors, with faults that can be switched on.

`SIMULATORS` is the whole list: a new vendor is one module and one line here.
"""

from __future__ import annotations

from .base import Simulator
from .bot_alterra import Alterra
from .kb_synthetix import Synthetix
from .loxysoft import Loxysoft
from .messenger_facebook import Facebook
from .messenger_line import Line
from .messenger_nexmo import Nexmo
from .messenger_telegram import Telegram
from .messenger_viber import Viber
from .next_caller import NextCaller
from .nice import Nice
from .oracle_service_cloud import OracleServiceCloud
from .rightnow import RightNow
from .salesforce import Salesforce
from .servicenow import ServiceNow
from .sso import AdminIdentityProvider, DesktopIdentityProvider
from .statistics import Statistics
from .tdg import Tdg
from .wfm_http import Wfm
from .zapier import Zapier
from .zendesk import Zendesk

SIMULATORS: tuple[type[Simulator], ...] = (
    ServiceNow,
    Salesforce,
    Wfm,
    Nice,
    Loxysoft,
    NextCaller,
    Tdg,
    Zapier,
    Telegram,
    Line,
    Facebook,
    Viber,
    Nexmo,
    Statistics,
    Synthetix,
    Alterra,
    OracleServiceCloud,
    RightNow,
    Zendesk,
    DesktopIdentityProvider,
    AdminIdentityProvider,
)

__all__ = ["SIMULATORS"]
