"""The types of the *Add integration account* dialog, in the order of the administrator's guide, with their rules.

A type exists for the dialog even while it has no provider; a provider names its type."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountType:
    """One entry of the dialog.

    `gated`: hidden until a superuser enables it. `exclusive`: `"type"` where only one account of the type may exist,
    `"provider"` where one per provider may. `has_default`: one account of the type can be the default."""

    key: str
    label: str
    gated: bool = False
    exclusive: str = ""
    has_default: bool = True


AWS = AccountType("aws", "Amazon AWS", gated=True)
BOT = AccountType("bot", "Bot / Chat suggestions engine")
KNOWLEDGE_BASE = AccountType("knowledge_base", "External Knowledge Base", gated=True)
LOXYSOFT = AccountType("loxysoft", "Loxysoft WFM", exclusive="type", has_default=False)
MESSENGER = AccountType("messenger", "Messenger", has_default=False)
NICE = AccountType("nice", "NICE", gated=True, has_default=False)
NLU = AccountType("nlu", "Natural Language Understanding")
NEXT_CALLER = AccountType("next_caller", "Next Caller")
ORACLE = AccountType("oracle_service_cloud", "Oracle Service Cloud")
RIGHTNOW = AccountType("rightnow", "RightNow")
SALESFORCE = AccountType("salesforce", "Salesforce.com")
SERVICENOW = AccountType("servicenow", "ServiceNow")
SSO = AccountType("sso", "Single Sign-On", exclusive="provider", has_default=False)
STT = AccountType("stt", "Speech To Text")
STATISTICS = AccountType("statistics", "Statistics Data Receiver", has_default=False)
TTS = AccountType("tts", "Text To Speech")
TDG = AccountType("tdg", "The Data Group (TDG)")
WFM = AccountType("wfm", "WFM", exclusive="type", has_default=False)
ZAPIER = AccountType("zapier", "Zapier", has_default=False)
ZENDESK = AccountType("zendesk", "Zendesk")

TYPES: tuple[AccountType, ...] = (
    AWS, BOT, KNOWLEDGE_BASE, LOXYSOFT, MESSENGER, NICE, NLU, NEXT_CALLER, ORACLE, RIGHTNOW, SALESFORCE, SERVICENOW,
    SSO, STT, STATISTICS, TTS, TDG, WFM, ZAPIER, ZENDESK,
)  # fmt: skip
BY_KEY = {entry.key: entry for entry in TYPES}


def type_choices() -> list[tuple[str, str]]:
    """Choices of the model field; a callable, so that a new type makes no migration."""
    return [(entry.key, entry.label) for entry in TYPES]
