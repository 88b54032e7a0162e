"""The *Add integration account* dialog: first the type, then the provider where a type has several."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.catalogue import BY_KEY, TYPES, AccountType
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.providers.base import Provider

ADD = "admin:integrations_integrationaccount_add"
WORDS = {
    "aws": "Keeps call recordings in Amazon S3 or storage that speaks its language.",
    "bot": "Suggests answers to agents, or answers customers by itself.",
    "knowledge_base": "Searches articles outside while an agent works.",
    "loxysoft": "Sends agent states and service figures for workforce planning.",
    "messenger": "Customers write from the messenger that they use anyway.",
    "nice": "Tells the recorder about every agent and every call.",
    "nlu": "Reads the mood of a conversation.",
    "next_caller": "Looks a caller up by phone number.",
    "oracle_service_cloud": "Finds customers and incidents, writes the call history.",
    "rightnow": "The older door to Oracle Service Cloud.",
    "salesforce": "Finds customers, opens records, writes the call history.",
    "servicenow": "Finds callers, opens their records, writes the call history; holds the Agent Desktop.",
    "sso": "Agents and administrators sign in with your company's log-in.",
    "stt": "Turns what is said into text.",
    "statistics": "Sends live figures to a wallboard or receiver.",
    "tts": "Turns text into speech.",
    "tdg": "Looks a caller up by phone number.",
    "wfm": "Sends every agent's state to workforce management.",
    "zapier": "Zapier's automations start workflows here.",
    "zendesk": "Finds customers and tickets, writes the call history.",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One choice. `reason` says why it cannot be chosen now; `url` is empty then."""

    label: str
    words: str
    url: str = ""
    reason: str = ""
    initials: str = ""


def allowed_types(enabled: Collection[str]) -> list[AccountType]:
    """Types with a provider; gated ones only where they are enabled."""
    with_provider = {provider.type.key for provider in registry().values()}
    return [t for t in TYPES if t.key in with_provider and (not t.gated or t.key in enabled)]


def type_cards(enabled: Collection[str]) -> list[Card]:
    taken = _taken()
    cards = []
    for entry in allowed_types(enabled):
        choices = providers_of(entry)
        reasons = [refusal(provider, taken) for provider in choices]
        reason = _no_more(reasons) if all(reasons) else ""
        url = _url(type=entry.key) if asks_which(entry) else _url(provider=choices[0].key)
        cards.append(Card(entry.label, WORDS.get(entry.key, ""), "" if reason else url, reason, initials(entry.label)))
    return cards


def provider_cards(entry: AccountType) -> list[Card]:
    taken = _taken()
    return [
        Card(
            p.label,
            words_of(p),
            "" if refusal(p, taken) else _url(provider=p.key),
            refusal(p, taken),
            initials(p.label),
        )
        for p in providers_of(entry)
    ]


def _no_more(reasons: list[str]) -> str:
    """Why no account can be added to a type: the one reason that there is, or that every kind has its own."""
    return reasons[0] if len(set(reasons)) == 1 else _("One of each kind can exist, and all of them are there already.")


def asks_which(entry: AccountType) -> bool:
    """Whether the provider is chosen in a second step: of several, and where the only one has a name of its own. The
    guide on External Knowledge Base: prompted to select a provider, the only possible selection is Synthetix KB."""
    choices = providers_of(entry)
    return len(choices) > 1 or choices[0].label != entry.label


def providers_of(entry: AccountType) -> list[type[Provider]]:
    return [provider for provider in registry().values() if provider.type == entry]


def refusal(provider: type[Provider], taken: dict[str, str] | None = None) -> str:
    """Why another account of this provider cannot exist, in words; empty when it can."""
    taken = _taken() if taken is None else taken
    entry = provider.type
    name = taken.get({"type": f"type:{entry.key}", "provider": f"provider:{provider.key}"}.get(entry.exclusive, ""))
    return _("Only one can exist, and “%s” is there already.") % name if name else ""


def _taken() -> dict[str, str]:
    keys = IntegrationAccount.objects.exclude(exclusive_key=None).values_list("exclusive_key", "name")
    return {str(key): name for key, name in keys}


def _url(**parameters: str) -> str:
    query = QueryDict(mutable=True)
    query.update(parameters)
    return f"{reverse(ADD)}?{query.urlencode()}"


def words_of(provider: type[Provider]) -> str:
    """The first sentence of the provider's own description."""
    return (provider.__doc__ or "").strip().split(".")[0].replace("\n", " ").strip()


def initials(label: str) -> str:
    """Two letters for the tile: "ServiceNow" -> "SN", "WFM" -> "WF"."""
    capitals = [c for c in label if c.isupper()]
    words = label.split()
    letters = [w[0] for w in words[:2] if w[0].isalnum()] if len(words) > 1 else capitals[:2]
    return ("".join(letters) if len(letters) == 2 else label[:2]).upper()


def type_of(key: str | None) -> AccountType | None:
    return BY_KEY.get(key or "")
