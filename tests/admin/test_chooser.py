"""The *Add integration account* dialog: which types are offered, and what happens with those that cannot be added."""

import pytest

from contactcenter.models import ContactCenter
from integrations import catalogue
from integrations.admin import chooser
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.providers.servicenow import ServiceNow
from tests.factories import AccountFactory

ADD = "/admin/integrations/integrationaccount/add/"


class Second(ServiceNow):
    """A second way to the same product. More words."""

    key = "servicenow_second"
    label = "ServiceNow by post"


class SignOn(ServiceNow):
    key = "sign_on"
    label = "Sign-on for agents"
    type = catalogue.SSO


def labels(cards):
    return {card.label: card for card in cards}


def test_only_types_with_a_provider_are_offered(console):
    page = console.get(ADD).content.decode()
    assert "ServiceNow" in page and "WFM" in page
    without = {entry.label for entry in catalogue.TYPES} - {entry.type.label for entry in registry().values()}
    assert not without & set(labels(chooser.type_cards([entry.key for entry in catalogue.TYPES])))


def test_a_gated_type_appears_once_it_is_enabled(console):
    assert "NICE" not in labels(chooser.type_cards(()))
    refused = console.get(f"{ADD}?provider=nice", follow=True).content.decode()
    assert "have to be enabled first" in refused
    centre = ContactCenter.current()
    centre.enabled_types = ["nice"]
    centre.save()
    assert ">NICE<" in console.get(ADD).content.decode()
    assert console.get(f"{ADD}?provider=nice").status_code == 200


def test_an_exclusive_type_that_is_there_is_shown_with_the_reason_and_without_a_link(console):
    AccountFactory(name="Our WFM", provider="wfm_http")
    card = labels(chooser.type_cards(()))["WFM"]
    assert not card.url
    page = console.get(ADD).content.decode()
    assert "Only one can exist, and “Our WFM” is there already." in page
    answer = console.get(f"{ADD}?provider=wfm_http", follow=True)
    assert "Only one can exist" in answer.content.decode()
    IntegrationAccount.objects.all().delete()
    assert console.get(f"{ADD}?provider=wfm_http").status_code == 200


def test_a_type_with_several_providers_asks_which(console, register_provider):
    register_provider(Second)
    card = labels(chooser.type_cards(()))["ServiceNow"]
    assert card.url.endswith("?type=servicenow")
    page = console.get(card.url).content.decode()
    assert "Which ServiceNow?" in page
    assert "ServiceNow by post" in page and "A second way to the same product" in page


def test_a_single_provider_is_asked_for_where_it_has_a_name_of_its_own(console):
    """The guide: External Knowledge Base prompts for a provider, and the only possible one is Synthetix KB."""
    cards = labels(chooser.type_cards([catalogue.KNOWLEDGE_BASE.key, catalogue.LOXYSOFT.key]))
    assert cards["External Knowledge Base"].url.endswith("?type=knowledge_base")
    assert set(labels(chooser.provider_cards(catalogue.KNOWLEDGE_BASE))) == {"Synthetix KB"}
    assert cards["Loxysoft WFM"].url.endswith("?provider=loxysoft")


def test_of_sign_on_one_account_per_kind_may_exist(db, register_provider):
    register_provider(SignOn)
    register_provider(type("Other", (SignOn,), {"key": "sign_on_2", "label": "For administrators"}))
    AccountFactory(name="Agents", provider="sign_on")
    cards = labels(chooser.provider_cards(catalogue.SSO))
    assert not cards["Sign-on for agents"].url
    assert cards["For administrators"].url
    assert labels(chooser.type_cards(()))["Single Sign-On"].url
    for key in ("sign_on_2", "sso_admin", "sso_agent_desktop"):
        AccountFactory(name=key, provider=key)
    card = labels(chooser.type_cards(()))["Single Sign-On"]
    assert (card.url, card.reason) == ("", "One of each kind can exist, and all of them are there already.")


@pytest.mark.parametrize("query", ["?type=nonsense", "?provider=nonsense", "?type=nice", "?provider="])
def test_an_address_that_names_nothing_shows_the_chooser(console, query):
    answer = console.get(ADD + query)
    assert answer.status_code == 200
    assert "What do you want to connect?" in answer.content.decode()


def test_every_type_of_the_catalogue_is_described():
    assert set(chooser.WORDS) == {entry.key for entry in catalogue.TYPES}


@pytest.mark.parametrize(
    ("label", "letters"),
    [("ServiceNow", "SN"), ("WFM", "WF"), ("Speech To Text", "ST"), ("Zapier", "ZA"), ("The Data Group (TDG)", "TD")],
)
def test_a_tile_has_two_letters(label, letters):
    assert chooser.initials(label) == letters
