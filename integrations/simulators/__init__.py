"""Local stand-ins for the vendors, with faults that can be switched on.

`SIMULATORS` is the whole list: a new vendor is one module and one line here.
"""

from __future__ import annotations

from .aws_s3 import S3
from .base import Simulator
from .bot_alterra import Alterra
from .bot_watson import WatsonAssistant
from .kb_synthetix import Synthetix
from .loxysoft import Loxysoft
from .messenger_facebook import Facebook
from .messenger_line import Line
from .messenger_nexmo import Nexmo
from .messenger_telegram import Telegram
from .messenger_viber import Viber
from .next_caller import NextCaller
from .nice import Nice
from .nice_uptivity import NiceUptivity
from .nlu_watson import WatsonNlu
from .oracle_service_cloud import OracleServiceCloud
from .rightnow import RightNow
from .salesforce import Salesforce
from .servicenow import ServiceNow
from .sso import AdminIdentityProvider, DesktopIdentityProvider
from .statistics import Statistics
from .stt_govivace import GoVivace
from .stt_watson import WatsonStt
from .tdg import Tdg
from .tts_google import GoogleTts
from .tts_watson import WatsonTts
from .wfm_aspect import Aspect
from .wfm_calabrio import Calabrio
from .wfm_http import Wfm
from .wfm_verint import Verint
from .zapier import Zapier
from .zendesk import Zendesk

SIMULATORS: tuple[type[Simulator], ...] = (
    ServiceNow,
    Salesforce,
    S3,
    Wfm,
    Nice,
    NiceUptivity,
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
    Aspect,
    Calabrio,
    Verint,
    Synthetix,
    Alterra,
    WatsonStt,
    GoVivace,
    WatsonTts,
    GoogleTts,
    OracleServiceCloud,
    RightNow,
    Zendesk,
    DesktopIdentityProvider,
    AdminIdentityProvider,
    WatsonAssistant,
    WatsonNlu,
)

__all__ = ["SIMULATORS"]
