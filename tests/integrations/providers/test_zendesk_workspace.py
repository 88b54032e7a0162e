"""The agent workspace: what opens in front of the agent, from inside, from a link, and from outside."""

import pytest
import requests

from integrations.actions import actions_of
from integrations.capabilities import CallFacts, CrmAgent, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Rejected
from integrations.models import IntegrationAccount
from integrations.providers.zendesk import Zendesk
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import connect, person

pytestmark = pytest.mark.django_db(transaction=True)
CALLER = RecordRef("user", "5009")
FACTS = CallFacts(phone="+14155550132", name="Don Goodliffe", interaction=RecordRef("ticket", "1001"))


def real(**properties: object) -> Zendesk:
    account = IntegrationAccount(
        provider="zendesk", name="Real", properties={"url": "https://acme.zendesk.com", **properties}
    )
    provider: Zendesk = account.connect()
    return provider


def test_inside_the_workspace_a_record_opens_by_kind_and_number() -> None:
    pop = real().screen_pop(CALLER, FACTS)
    assert (pop.title, pop.entity, pop.query) == ("Don Goodliffe", "user", "5009")
    assert pop.url == "https://acme.zendesk.com/agent/users/5009"
    assert pop.relative_url == "agent/users/5009"


def test_the_account_may_choose_the_ticket_of_the_call() -> None:
    crm = real(screen_pop="interaction")
    pop = crm.screen_pop(CALLER, FACTS)
    assert (pop.title, pop.entity, pop.query) == ("Ticket of this call", "ticket", "1001")
    assert crm.screen_pop(CALLER, CallFacts()).entity == "user"


def test_an_unknown_caller_opens_an_empty_ticket() -> None:
    pop = real().screen_pop(None, CallFacts(phone="+14155550199"))
    assert (pop.title, pop.entity) == ("New ticket", "")
    assert pop.url == "https://acme.zendesk.com/agent/tickets/new/1"


def test_an_unknown_caller_opens_the_ticket_of_the_call_where_there_is_one() -> None:
    pop = real().screen_pop(None, FACTS)
    assert (pop.title, pop.entity, pop.query) == ("Ticket of this call", "ticket", "1001")


def test_what_is_no_record_does_not_become_an_address() -> None:
    with pytest.raises(Rejected):
        real().screen_pop(RecordRef("user", "1?x=javascript:1"), CallFacts())


def test_the_host_is_the_help_desk_and_the_app_frameworks_script_is_a_file_of_ours() -> None:
    assert (real().host_module, real().web_origin()) == ("zendesk", "https://acme.zendesk.com")
    assert real().client_library() == ""


@pytest.mark.parametrize(("ref", "words"), [(RecordRef("ticket", "1001"), "Cannot print"), (CALLER, "Don Goodliffe")])
def test_the_links_of_a_simulated_help_desk_open(zendesk: Vendor, ref: RecordRef, words: str) -> None:
    page = requests.get(connect().record_url(ref), timeout=5)
    assert page.status_code == 200 and words in page.text


def test_the_empty_ticket_of_a_simulated_help_desk_opens_too(zendesk: Vendor) -> None:
    assert requests.get(connect().screen_pop(None, CallFacts()).url, timeout=5).status_code == 200


# -- Talk Partner Edition


def test_a_ticket_opens_in_the_agents_browser(zendesk: Vendor) -> None:
    crm = connect(talk_partner_edition=True)
    assert crm.show_to_agent(agent="agent1@example.com", ticket="#1001").ok
    _, agent, record, title = zendesk.board()["displayed"][0]
    assert (agent, record, title) == ("Ava Martin", "ticket 1001", "Cannot print from the third floor")


def test_an_unknown_agent_or_ticket_is_told(zendesk: Vendor) -> None:
    crm = connect(talk_partner_edition=True)
    assert "no active agent" in crm.show_to_agent(agent="nobody@example.com", ticket="1001").message
    with pytest.raises(Rejected) as refused:
        crm.show_to_agent(agent="agent1@example.com", ticket="99")
    assert refused.value.cause == Cause.NOT_FOUND and "Invalid attribute" in str(refused.value)


def test_a_help_desk_without_the_edition_refuses(zendesk: Vendor) -> None:
    crm = connect()
    zendesk.settings(talk_partner_edition=False)
    agent = CrmAgent(str(person(zendesk, "Ava Martin")["id"]))
    with pytest.raises(AuthenticationFailed) as refused:
        crm.display(RecordRef("ticket", "1001"), agent)
    assert refused.value.cause == Cause.NO_PERMISSION
    zendesk.settings(talk_partner_edition=True)
    crm.display(CALLER, agent)


def test_the_button_is_there_only_where_the_edition_is() -> None:
    shown = actions_of(Zendesk)["show_to_agent"]
    assert shown.applies is not None
    assert shown.applies(real(talk_partner_edition=True)) and not shown.applies(real())


def test_a_ticket_that_is_marked_as_a_call_is_made_by_talk_partner_edition_once(zendesk: Vendor) -> None:
    crm = connect(talk_partner_edition=True)
    fields = {"subject": "Call", "via_id": "45", "display_to_agent": str(person(zendesk, "Ava Martin")["id"])}
    ref = crm.create("ticket", fields, key="call-1")
    assert crm.get(ref).fields["via.channel"] == "inbound call"
    assert crm.find_created("ticket", "call-1") == ref
    assert [row[1:3] for row in zendesk.board()["displayed"]] == [["Ava Martin", f"ticket {ref.id}"]]


def test_without_talk_partner_edition_the_mark_is_left_out(zendesk: Vendor) -> None:
    ref = connect().create("ticket", {"subject": "Call", "via_id": "45", "display_to_agent": "5002"}, key="call-2")
    assert connect_again().get(ref).fields["via.channel"] == "api"
    assert zendesk.warnings() == []


def test_a_wrong_mark_is_refused_by_zendesk_and_the_right_one_is_taken(zendesk: Vendor) -> None:
    crm = connect(talk_partner_edition=True)
    with pytest.raises(Rejected) as refused:
        crm.create("ticket", {"subject": "Call", "via_id": "40"})
    assert "44, 45 or 46" in str(refused.value)
    assert crm.get(crm.create("ticket", {"subject": "Call", "via_id": "46"})).fields["via.channel"] == "outbound call"


def connect_again() -> Zendesk:
    provider: Zendesk = IntegrationAccount.objects.get().connect()
    return provider
