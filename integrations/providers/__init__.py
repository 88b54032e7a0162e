"""The explicit list of providers: reading it tells everything the product connects to.

To add one: write its module, add a line here, a simulator, tests and a page (README, "Adding a provider")."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Provider

PROVIDERS: tuple[str, ...] = (
    "integrations.providers.aws_s3.S3",
    "integrations.providers.bot_alterra.Alterra",
    "integrations.providers.bot_watson.WatsonBot",
    "integrations.providers.kb_synthetix.Synthetix",
    "integrations.providers.loxysoft.Loxysoft",
    "integrations.providers.next_caller.NextCaller",
    "integrations.providers.messenger_facebook.Facebook",
    "integrations.providers.messenger_line.Line",
    "integrations.providers.messenger_nexmo.Nexmo",
    "integrations.providers.messenger_telegram.Telegram",
    "integrations.providers.messenger_viber.Viber",
    "integrations.providers.nice.Nice",
    "integrations.providers.nice_uptivity.NiceUptivity",
    "integrations.providers.oracle_service_cloud.OracleServiceCloud",
    "integrations.providers.rightnow.RightNow",
    "integrations.providers.salesforce.Salesforce",
    "integrations.providers.nlu_local.LocalNlu",
    "integrations.providers.nlu_watson.WatsonNlu",
    "integrations.providers.servicenow.ServiceNow",
    "integrations.providers.sso_admin.AdminSso",
    "integrations.providers.sso_agent_desktop.AgentDesktopSso",
    "integrations.providers.statistics.Statistics",
    "integrations.providers.stt_govivace.GoVivace",
    "integrations.providers.stt_watson.WatsonStt",
    "integrations.providers.tdg.Tdg",
    "integrations.providers.tts_google.GoogleTts",
    "integrations.providers.tts_watson.WatsonTts",
    "integrations.providers.wfm_aspect.WfmAspect",
    "integrations.providers.wfm_calabrio.WfmCalabrio",
    "integrations.providers.wfm_http.WfmHttp",
    "integrations.providers.wfm_verint.WfmVerint",
    "integrations.providers.zapier.Zapier",
    "integrations.providers.zendesk.Zendesk",
)


@cache
def registry() -> "dict[str, type[Provider]]":
    """All providers by key."""
    found: dict[str, type[Provider]] = {}
    for path in PROVIDERS:
        module, name = path.rsplit(".", 1)
        provider = getattr(import_module(module), name)
        found[provider.key] = provider
    return found


def provider_choices() -> list[tuple[str, str]]:
    """Choices of the model field; a callable, so that a new provider makes no migration."""
    return [(key, provider.label) for key, provider in registry().items()]
