"""Screen pops for agents whose desktop stands alone, in systems that open a record in the agent's browser when asked.

Not by way of the outbox: a record that opens when the call is over helps nobody. It is asked for once, by a worker; the
desktop has the link in any case, and says so where the system refuses."""

from typing import Any

from integrations.capabilities import CrmAgent, RecordDisplay, RecordRef
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from . import events
from .crm_access import NotConfigured, connect, crm_user_of, note_health
from .models import Agent, Interaction
from .nudge import nudge

WORTHLESS_AFTER = 15.0  # seconds


def open_for(interaction: Interaction, agent: Agent, pop: dict[str, Any]) -> None:
    """Tell the agent's desktop to open something, and a system that displays it by itself."""
    events.tell(agent, "screen_pop", pop)
    ask(interaction, agent, pop)


def ask(interaction: Interaction, agent: Agent, pop: dict[str, Any]) -> None:
    """Have a pop that the agent was told of opened for them, after the caller's transaction."""
    from .tasks import display_record

    if agent.host_account_id is None and pop.get("entity") and _wants(pop.get("account", "")):
        nudge(display_record, interaction.pk, agent.pk, pop["url"], expires=WORTHLESS_AFTER)


def show(interaction_id: int, agent_id: int, url: str) -> None:
    """Open it, while the agent has the call. Twice does no harm."""
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    mine = Interaction.objects.filter(pk=interaction_id, agent=agent).first()
    pop = next((pop for pop in mine.records.get("screen_pops", []) if pop["url"] == url), None) if mine else None
    account = IntegrationAccount.objects.filter(public_id=pop["account"]).first() if pop else None
    if pop is None or account is None:
        return
    try:
        _display(account, agent, RecordRef(pop["entity"], pop["query"]))
    except (IntegrationError, NotConfigured) as error:
        if isinstance(error, IntegrationError):
            note_health(account, error)
        events.notice(agent, f"{pop['title']} did not open in {account.name}: use the link. {error}", level="warning")


def _display(account: IntegrationAccount, agent: Agent, ref: RecordRef) -> None:
    provider = connect(account)
    user = crm_user_of(agent, account, provider)
    if not user:
        raise NotConfigured(f"{account.name} has no user for you. Ask your administrator for the same e-mail address.")
    provider.display(ref, CrmAgent(user))


def _wants(public_id: str) -> bool:
    account = IntegrationAccount.objects.filter(public_id=public_id, enabled=True).first() if public_id else None
    try:
        provider = account.connect() if account else None
    except LookupError:
        return False
    return isinstance(provider, RecordDisplay) and provider.displays_records
