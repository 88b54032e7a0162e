"""The rule of the guide: an exclusive external knowledge base replaces the own one, any other supplements it."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from contactcenter import knowledge
from contactcenter.errors import NotPossible
from contactcenter.models import KnowledgeTopic
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AdminFactory, AgentFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def synthetix(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("kb_synthetix")


def external(*, exclusive: bool) -> IntegrationAccount:
    account: IntegrationAccount = AccountFactory(
        provider="kb_synthetix", name="Synthetix", properties={"use_as_exclusive_kb": exclusive},
        secrets={"consumer_key": "demo-consumer-key", "application_key": "demo-application-key"},
    )  # fmt: skip
    return account


def topic(title: str, text: str = "Text", *, published: bool = True) -> KnowledgeTopic:
    made: KnowledgeTopic = KnowledgeTopic.objects.create(title=title, text=text, published=published)
    return made


def titles(text: str) -> list[str]:
    return [article.title for article in knowledge.search(text).articles]


def test_the_own_topics_are_found_the_best_first_and_drafts_are_not() -> None:
    topic("Opening hours", "Eight to six")
    topic("Return a parcel", "Within 30 days, during opening hours")
    topic("Secret parcel", published=False)
    assert titles("PARCEL hours opening") == ["Opening hours", "Return a parcel"]
    assert titles("parcel") == ["Return a parcel"]
    assert titles("  ") == [] and titles("nothing-like-it") == []


def test_a_supplement_is_asked_only_where_the_own_one_finds_nothing(synthetix: Vendor) -> None:
    external(exclusive=False)
    topic("Our parcel topic")
    assert (titles("parcel"), synthetix.arrived()) == (["Our parcel topic"], [])
    found = knowledge.search("password")
    assert ([a.title for a in found.articles], found.source) == (["Reset a password"], "Synthetix")


def test_an_exclusive_one_is_asked_alone(synthetix: Vendor) -> None:
    external(exclusive=True)
    topic("Our parcel topic")
    found = knowledge.search("parcel")
    assert ([a.title for a in found.articles], found.source) == (["Return a parcel"], "Synthetix")


def test_one_that_is_switched_off_is_not_asked(synthetix: Vendor) -> None:
    account = external(exclusive=True)
    IntegrationAccount.objects.filter(pk=account.pk).update(enabled=False)
    assert titles("parcel") == [] and synthetix.arrived() == []


def test_a_supplement_that_is_away_costs_nothing_but_its_topics(synthetix: Vendor) -> None:
    external(exclusive=False)
    synthetix.fault("server_error")
    found = knowledge.search("password")
    assert found.articles == () and "could not be reached" in found.note
    synthetix.healthy()
    assert titles("password") == ["Reset a password"]


def test_an_exclusive_one_that_is_away_is_told_in_words(synthetix: Vendor) -> None:
    external(exclusive=True)
    synthetix.fault("server_error")
    with pytest.raises(NotPossible, match="Synthetix could not be asked"):
        knowledge.search("password")
    synthetix.healthy()
    assert titles("password") == ["Reset a password"]


def test_a_proposed_topic_waits_for_an_administrator() -> None:
    agent = AgentFactory()
    assert "draft" in knowledge.submit(agent, " Lost card ", "Block it at once")
    draft = KnowledgeTopic.objects.get()
    assert (draft.title, draft.published, draft.submitted_by) == ("Lost card", False, agent.user)
    assert titles("card") == []
    client = Client()
    client.force_login(AdminFactory())
    page = client.get("/admin/contactcenter/knowledgetopic/")
    assert b"Draft" in page.content
    answer = client.post(
        f"/admin/contactcenter/knowledgetopic/{draft.pk}/change/",
        {"title": draft.title, "text": draft.text, "published": "on"},
    )
    assert answer.status_code == 302 and titles("card") == ["Lost card"]


def test_an_exclusive_one_takes_new_topics_and_loses_none(synthetix: Vendor) -> None:
    external(exclusive=True)
    agent = AgentFactory()
    synthetix.fault("server_error")
    with pytest.raises(NotPossible, match="your text is still here"):
        knowledge.submit(agent, "Lost card", "Block it at once")
    synthetix.healthy()
    assert knowledge.submit(agent, "Lost card", "Block it at once").endswith("in Synthetix now.")
    assert titles("block") == ["Lost card"] and not KnowledgeTopic.objects.exists()


@pytest.mark.parametrize(
    ("title", "text", "field"), [("", "x", "title"), ("x", " ", "text"), ("x" * 201, "x", "title")]
)
def test_a_topic_needs_a_title_and_a_text(title: str, text: str, field: str) -> None:
    with pytest.raises(NotPossible) as refusal:
        knowledge.submit(AgentFactory(), title, text)
    assert refusal.value.field == field


def test_the_desktop_searches_and_proposes(synthetix: Vendor) -> None:
    AgentFactory(login="ana", state="LOGGED_OUT")
    client = Client()
    assert client.get("/agentdesktop/knowledge?q=x").status_code == 401
    client.post("/agentdesktop/login/", {"username": "ana", "password": "ana"})
    topic("Opening hours", "Eight to six")
    answer = client.get("/agentdesktop/knowledge?q=hours").json()
    assert answer["source"] == knowledge.OWN and answer["articles"][0]["text"] == "Eight to six"
    body = json.dumps({"title": "A", "text": "B"})
    told = client.post("/agentdesktop/commands/submit_topic", body, content_type="application/json").json()
    assert told["ok"] and "Thank you" in told["text"]
    external(exclusive=True)
    synthetix.fault("server_error")
    refused = client.get("/agentdesktop/knowledge?q=hours")
    assert refused.status_code == 409 and "could not be asked" in refused.json()["error"]
