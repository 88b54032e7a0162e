"""Who is calling: our contacts, the CRM, the agent's choice, and the sentence that says why."""

from typing import Any

import pytest

from contactcenter import desk
from contactcenter.callers import matching
from contactcenter.errors import NotPossible
from contactcenter.models import CallerChoice
from integrations.capabilities import PhoneMatches, Record, RecordRef
from integrations.errors import Unavailable
from tests.factories import AccountFactory, AgentFactory, ContactFactory, ScenarioFactory, ServiceFactory

from .reports import CUSTOMER, history, offer, told

pytestmark = pytest.mark.django_db


def person(name: str, record_id: str, **fields: str) -> Record:
    url = f"https://example.service-now.com/sys_user.do?sys_id={record_id}"
    return Record(RecordRef("sys_user", record_id), {"phone": "(415) 555-0132", **fields}, title=name, url=url)


DON_ID, ANN_ID = "d0" * 16, "a0" * 16
DON, ANN = person("Don Goodliffe", DON_ID, email="don@example.com"), person("Ann Goodliffe", ANN_ID)


@pytest.fixture
def account() -> Any:
    return AccountFactory(name="ServiceNow demo")


@pytest.fixture
def service() -> Any:
    definition = {"start": "search", "blocks": [{"key": "search", "kind": "servicenow_search"}]}
    return ServiceFactory(code="support", scenario=ScenarioFactory(definition=definition))


@pytest.fixture
def agent(service: Any) -> Any:
    return AgentFactory(login="agent1", state="READY", services=[service])


# -- our contacts


def test_one_contact_with_the_number_is_the_caller_with_the_reason_why() -> None:
    contact = ContactFactory(first_name="Don", last_name="Goodliffe", company="Acme", phones=["(415) 555-0132"])
    assert matching.match("415.555.0132", "US") == {
        "name": "Don Goodliffe",
        "rule": "Phone number matches +1 415-555-0132 of Don Goodliffe in the contacts of this contact centre.",
        "received": "415.555.0132",
        "normalised": CUSTOMER,
        "query": "",
        "candidates": [
            {
                "name": "Don Goodliffe", "detail": "Acme", "account": "contacts", "kind": "contact",
                "id": str(contact.pk), "url": "",
            }
        ],
        "status": "matched",
    }  # fmt: skip


def test_several_contacts_are_left_to_the_agent() -> None:
    ContactFactory(phones=[CUSTOMER])
    ContactFactory(phones=[CUSTOMER])
    found = matching.match(CUSTOMER)
    assert (found["status"], found["name"], len(found["candidates"])) == ("several", "", 2)
    assert found["rule"].endswith("Choose who is calling.")


def test_a_contact_with_the_number_twice_is_one_candidate() -> None:
    ContactFactory(phones=[CUSTOMER, "+1 415 555 0199"])
    assert matching.match(CUSTOMER)["status"] == "matched"


@pytest.mark.parametrize(
    ("number", "status"),
    [(CUSTOMER, "none"), ("4711", "none"), ("???", "none"), ("anonymous", "anonymous"), ("", "anonymous")],
)
def test_nobody_is_said_in_a_sentence(number: str, status: str) -> None:
    found = matching.match(number)
    assert (found["status"], found["received"]) == (status, number)
    assert found["rule"].endswith(".")


def test_the_matching_contact_is_tied_to_the_interaction(service: Any, agent: Any) -> None:
    contact = ContactFactory(phones=[CUSTOMER])
    assert offer(service, agent="agent1").contact == contact


# -- the CRM


def test_until_the_crm_has_answered_the_agent_reads_that_it_is_asked(service: Any, agent: Any) -> None:
    caller = offer(service, agent="agent1").caller
    assert (caller["status"], caller["rule"]) == ("looking_up", "Looking for +1 415-555-0132 in ServiceNow.")


def test_one_person_at_the_crm_is_the_caller_and_the_desktop_is_told(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON,), query="phone=..."))
    shown = told(agent, "interaction")[-1]
    assert shown["caller"] == {
        "name": "Don Goodliffe",
        "rule": "Phone number matches (415) 555-0132 of Don Goodliffe in ServiceNow demo.",
        "received": CUSTOMER,
        "normalised": CUSTOMER,
        "query": "phone=...",
        "candidates": [{
            "name": "Don Goodliffe", "detail": "don@example.com", "account": str(account.public_id),
            "kind": "sys_user", "id": DON_ID, "url": DON.url,
        }],
        "status": "matched",
    }  # fmt: skip
    assert shown["records"]["caller"] == {
        "account": str(account.public_id), "kind": "sys_user", "id": DON_ID, "title": "Don Goodliffe", "url": DON.url,
    }  # fmt: skip
    assert interaction.caller["name"] == "Don Goodliffe"


def test_the_same_answer_twice_is_told_once(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    for _ in range(2):
        matching.matched_by_crm(interaction, account, PhoneMatches((DON,)))
    assert [shown["caller"]["status"] for shown in told(agent, "interaction")] == ["looking_up", "matched"]


def test_nobody_at_the_crm_leaves_our_own_match(service: Any, agent: Any, account: Any) -> None:
    ContactFactory(first_name="Own", last_name="Contact", phones=[CUSTOMER])
    interaction = offer(service, agent="agent1")
    caller = matching.matched_by_crm(interaction, account, PhoneMatches((), query="q"))
    assert (caller["name"], caller["query"]) == ("Own Contact", "q")


def test_nobody_anywhere_is_said(service: Any, agent: Any, account: Any) -> None:
    caller = matching.matched_by_crm(offer(service, agent="agent1"), account, PhoneMatches(()))
    assert (caller["status"], caller["rule"]) == ("none", "Nobody in ServiceNow demo has the number +1 415-555-0132.")


def test_a_crm_that_is_away_is_named_and_its_answer_counts_when_it_is_back(
    service: Any, agent: Any, account: Any
) -> None:
    interaction = offer(service, agent="agent1")
    caller = matching.look_up_failed(interaction, account, Unavailable("No answer within 20 seconds."))
    assert caller["status"] == "failed"
    assert caller["rule"] == "ServiceNow demo could not be asked for +1 415-555-0132: No answer within 20 seconds."
    assert matching.matched_by_crm(interaction, account, PhoneMatches((DON,)))["status"] == "matched"


def test_a_crm_that_is_away_does_not_take_away_our_own_match(service: Any, agent: Any, account: Any) -> None:
    ContactFactory(first_name="Own", last_name="Contact", phones=[CUSTOMER])
    caller = matching.look_up_failed(offer(service, agent="agent1"), account, Unavailable("Away."))
    assert (caller["status"], caller["name"]) == ("matched", "Own Contact")


def test_a_flood_of_candidates_is_cut(service: Any, agent: Any, account: Any) -> None:
    crowd = tuple(person(f"Person {n}", str(n)) for n in range(50))
    caller = matching.matched_by_crm(offer(service, agent="agent1"), account, PhoneMatches(crowd))
    assert len(caller["candidates"]) == matching.MOST_CANDIDATES


# -- the agent's choice


def test_the_agents_choice_is_shown_opens_the_record_and_is_remembered(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    several = matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN)))
    assert (several["status"], "caller" in interaction.records) == ("several", False)
    desk.choose_caller(agent, str(interaction.public_id), 1)
    shown, pop = told(agent, "interaction")[-1], told(agent, "screen_pop")[-1]
    assert (shown["caller"]["name"], shown["caller"]["status"]) == ("Ann Goodliffe", "matched")
    assert shown["caller"]["rule"] == "You chose Ann Goodliffe among 2 with the number +1 415-555-0132."
    assert shown["records"]["caller"]["id"] == ANN_ID
    assert pop["account"] == str(account.public_id) and pop["why"] == shown["caller"]["rule"]
    assert ANN_ID in pop["url"] + pop["query"] + pop["relativeUrl"]
    assert history(interaction)[-1] == "caller_chosen"
    assert CallerChoice.objects.get().chosen_by == agent.user


def test_a_remembered_choice_is_preferred_next_time_with_its_reason(service: Any, agent: Any, account: Any) -> None:
    first = offer(service, agent="agent1")
    matching.matched_by_crm(first, account, PhoneMatches((DON, ANN)))
    desk.choose_caller(agent, str(first.public_id), 1)
    again = offer(service, call="c-2")
    caller = matching.matched_by_crm(again, account, PhoneMatches((DON, ANN)))
    chosen_on = CallerChoice.objects.get().chosen_at
    assert (caller["status"], caller["name"]) == ("matched", "Ann Goodliffe")
    assert caller["rule"] == (
        f"2 people have the number +1 415-555-0132; {agent} chose Ann Goodliffe on {chosen_on:%Y-%m-%d}."
    )
    assert [candidate["id"] for candidate in caller["candidates"]] == [ANN_ID, DON_ID]


def test_a_remembered_person_who_is_gone_is_not_preferred(service: Any, agent: Any, account: Any) -> None:
    CallerChoice.objects.create(
        e164=CUSTOMER, source=str(account.public_id), kind="sys_user", record_id="gone", name="Gone"
    )
    caller = matching.matched_by_crm(offer(service, agent="agent1"), account, PhoneMatches((DON, ANN)))
    assert caller["status"] == "several"


def test_a_choice_among_our_contacts_is_remembered_too(agent: Any) -> None:
    plain = ServiceFactory(code="plain")
    ContactFactory(first_name="Ann", last_name="One", phones=[CUSTOMER])
    ContactFactory(first_name="Bob", last_name="Two", phones=[CUSTOMER])
    interaction = offer(plain, agent="agent1")
    names = [candidate["name"] for candidate in interaction.caller["candidates"]]
    desk.choose_caller(agent, str(interaction.public_id), names.index("Bob Two"))
    assert matching.match(CUSTOMER)["name"] == "Bob Two"
    assert told(agent, "screen_pop") == []


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_a_candidate_that_is_not_there_is_refused_and_another_can_be_chosen(
    service: Any, agent: Any, account: Any, index: int
) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN)))
    with pytest.raises(NotPossible, match="Choose again"):
        desk.choose_caller(agent, str(interaction.public_id), index)
    desk.choose_caller(agent, str(interaction.public_id), 0)
    assert told(agent, "interaction")[-1]["caller"]["name"] == "Don Goodliffe"


def test_a_record_that_cannot_be_opened_is_said_and_the_choice_is_kept(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((person("Odd One", "no sys_id"), ANN)))
    desk.choose_caller(agent, str(interaction.public_id), 0)
    assert told(agent, "notice")[-1]["text"].startswith("The record of Odd One cannot be opened.")
    assert told(agent, "interaction")[-1]["caller"]["name"] == "Odd One"
    desk.choose_caller(agent, str(interaction.public_id), 1)
    assert told(agent, "screen_pop")[-1]["account"] == str(account.public_id)


def test_a_choice_for_an_account_that_was_switched_off_is_kept_without_a_pop(
    service: Any, agent: Any, account: Any
) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN)))
    account.enabled = False
    account.save()
    desk.choose_caller(agent, str(interaction.public_id), 0)
    assert told(agent, "screen_pop") == []
    assert told(agent, "interaction")[-1]["caller"]["name"] == "Don Goodliffe"


# -- the choice is changed


def test_somebody_else_is_chosen_later_and_remembered_instead(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN)))
    desk.choose_caller(agent, str(interaction.public_id), 1)
    desk.choose_caller(agent, str(interaction.public_id), 0)
    assert told(agent, "interaction")[-1]["records"]["caller"]["id"] == DON_ID
    assert CallerChoice.objects.get().record_id == DON_ID


def test_not_this_person_parts_the_call_from_the_record_and_forgets_the_choice(
    service: Any, agent: Any, account: Any
) -> None:
    first = offer(service, agent="agent1")
    matching.matched_by_crm(first, account, PhoneMatches((DON, ANN)))
    desk.choose_caller(agent, str(first.public_id), 1)
    desk.reject_caller(agent, str(first.public_id))
    shown = told(agent, "interaction")[-1]
    assert (shown["caller"]["status"], shown["caller"]["name"], "caller" in shown["records"]) == ("several", "", False)
    assert shown["caller"]["rule"] == "You said that Ann Goodliffe is not calling. Choose who is."
    assert CallerChoice.objects.count() == 0
    assert history(first)[-1] == "caller_rejected"
    desk.choose_caller(agent, str(first.public_id), 0)
    assert told(agent, "interaction")[-1]["caller"]["name"] == "Don Goodliffe"


def test_the_only_person_can_be_refused_and_taken_back(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON,)))
    desk.reject_caller(agent, str(interaction.public_id))
    assert told(agent, "interaction")[-1]["caller"]["status"] == "rejected"
    with pytest.raises(NotPossible, match="Nobody is named"):
        desk.reject_caller(agent, str(interaction.public_id))
    desk.choose_caller(agent, str(interaction.public_id), 0)
    assert told(agent, "interaction")[-1]["records"]["caller"]["id"] == DON_ID


def test_what_opened_for_the_wrong_person_rings_at_nobody_else(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN)))
    desk.choose_caller(agent, str(interaction.public_id), 1)
    desk.reject_caller(agent, str(interaction.public_id))
    interaction.refresh_from_db()
    assert interaction.records["screen_pops"] == []


def test_a_remembered_choice_whose_record_is_gone_is_forgotten(service: Any, agent: Any, account: Any) -> None:
    CallerChoice.objects.create(
        e164=CUSTOMER, source=str(account.public_id), kind="sys_user", record_id="gone", name="G"
    )
    matching.matched_by_crm(offer(service, agent="agent1"), account, PhoneMatches((DON, ANN)))
    assert CallerChoice.objects.count() == 0


def test_an_answer_that_was_cut_off_does_not_make_us_forget(service: Any, agent: Any, account: Any) -> None:
    CallerChoice.objects.create(e164=CUSTOMER, source=str(account.public_id), kind="sys_user", record_id="99", name="N")
    crowd = tuple(person(f"Person {n}", str(n)) for n in range(50))
    caller = matching.matched_by_crm(offer(service, agent="agent1"), account, PhoneMatches(crowd))
    assert caller["rule"].startswith("More than 20 people in ServiceNow demo")
    assert CallerChoice.objects.count() == 1


# -- the lines of a number


def test_a_contact_is_found_under_every_form_of_the_line() -> None:
    ContactFactory(first_name="Ana", last_name="Silva", phones=["+55 11 8765-4321"])
    ContactFactory(first_name="Juan", last_name="Paz", phones=["+54 11 2345-6789"])
    assert matching.match("+5511987654321")["name"] == "Ana Silva"
    assert matching.match("(11) 98765-4321", "BR")["name"] == "Ana Silva"
    assert matching.match("011 15 2345 6789", "AR")["name"] == "Juan Paz"


def test_an_extension_is_its_own_person_and_the_switchboard_may_be_any() -> None:
    ContactFactory(first_name="Ann", last_name="Twelve", phones=["415-555-0100 x12"])
    ContactFactory(first_name="Bob", last_name="Thirteen", phones=["415-555-0100 x13"])
    assert matching.match("tel:+1-415-555-0100;ext=12")["name"] == "Ann Twelve"
    found = matching.match("+14155550100")
    assert (found["status"], len(found["candidates"])) == ("several", 2)
    assert matching.match("tel:+1-415-555-0100;ext=14")["status"] == "none"


def test_short_numbers_and_words_match_only_themselves() -> None:
    ContactFactory(first_name="Front", last_name="Desk", phones=["0132"])
    ContactFactory(first_name="Odd", last_name="Entry", phones=["see notes"])
    assert matching.match("sip:0132@pbx")["name"] == "Front Desk"
    assert matching.match(CUSTOMER)["status"] == "none"
    assert matching.match("see notes")["status"] == "none"


def test_the_look_up_of_our_contacts_takes_two_queries(django_assert_num_queries: Any) -> None:
    ContactFactory(phones=[CUSTOMER])
    matching.match(CUSTOMER)
    with django_assert_num_queries(2):
        matching.match(CUSTOMER)


# -- every pop carries why


def test_a_pop_carries_the_number_the_query_the_rule_and_the_names(service: Any, agent: Any, account: Any) -> None:
    interaction = offer(service, agent="agent1")
    matching.matched_by_crm(interaction, account, PhoneMatches((DON, ANN), query="phoneIN..."))
    desk.choose_caller(agent, str(interaction.public_id), 1)
    because = told(agent, "screen_pop")[-1]["because"]
    assert because == {
        "received": CUSTOMER, "normalised": CUSTOMER, "query": "phoneIN...", "status": "matched",
        "rule": "You chose Ann Goodliffe among 2 with the number +1 415-555-0132.",
        "candidates": ["Don Goodliffe", "Ann Goodliffe"],
    }  # fmt: skip
