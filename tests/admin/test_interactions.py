"""Interactions: the list with its keyset pages, the search by indexed columns, and the story."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contactcenter.admin.interactions import uuid_range
from contactcenter.admin.story import safe_url
from contactcenter.models import Interaction
from tests.factories import InteractionFactory, ServiceFactory

LIST = "/admin/contactcenter/interaction/"


@pytest.fixture
def many(db):
    service = ServiceFactory(name="Support")
    return InteractionFactory.create_batch(120, service=service)


def shown(answer):
    return [row.pk for row in answer.context["cl"].result_list]


def test_pages_follow_each_other_without_gap_or_overlap(console, many):
    everything = list(Interaction.objects.order_by("-pk").values_list("pk", flat=True))
    first = console.get(LIST)
    second = console.get(LIST + first.context["cl"].older_url)
    third = console.get(LIST + second.context["cl"].older_url)
    assert shown(first) + shown(second) + shown(third) == everything
    assert not third.context["cl"].older_url
    assert shown(console.get(LIST + third.context["cl"].newer_url)) == shown(second)
    assert shown(console.get(LIST + second.context["cl"].newest_url)) == shown(first)
    assert not first.context["cl"].newer_url


@pytest.mark.parametrize("query", ["?before=x", "?before=99999999999999999999", "?after=", "?before=-1"])
def test_a_position_that_is_none_is_ignored(console, many, query):
    assert len(shown(console.get(LIST + query))) == 50


def test_a_page_neither_counts_the_table_nor_asks_per_row(console, many):
    console.get(LIST)
    with CaptureQueriesContext(connection) as seen:
        console.get(LIST)
    asked = [query["sql"].upper() for query in seen.captured_queries]
    assert not [sql for sql in asked if "COUNT(" in sql and "INTERACTION" in sql]
    assert len([sql for sql in asked if 'FROM "CONTACTCENTER_INTERACTION"' in sql]) == 1
    assert len(asked) <= 7


@pytest.mark.parametrize("term", ["+1 415 555 0199", "(415) 555-0199", "call-special"])
def test_a_call_is_found_by_its_number_in_any_form_and_by_its_id(console, many, term):
    wanted = InteractionFactory(customer_number="+14155550199", call_id="call-special")
    assert shown(console.get(LIST, {"q": term})) == [wanted.pk]


def test_a_call_is_found_by_the_reference_that_stands_in_the_crm(console, many):
    assert shown(console.get(LIST, {"q": many[3].reference})) == [many[3].pk]
    assert shown(console.get(LIST, {"q": str(many[4].public_id)})) == [many[4].pk]
    assert shown(console.get(LIST, {"q": "nothing like that"})) == []


def test_a_reference_is_a_range_of_ids():
    first, last = uuid_range("8f3a2c1d9e")
    assert first == uuid.UUID("8f3a2c1d-9e00-0000-0000-000000000000")
    assert last == uuid.UUID("8f3a2c1d-9eff-ffff-ffff-ffffffffffff")
    assert uuid_range("123") is None and uuid_range("not-hexadecimal") is None


@pytest.mark.parametrize(
    ("query", "found"), [("?now=open", False), ("?now=ended", True), ("?agent=0", False), ("?service=x", True)]
)
def test_filters(console, world, query, found):
    assert bool(shown(console.get(LIST + query))) is found


def test_the_story_has_everything_that_was_kept(console, world):
    page = console.get(f"{LIST}{world.interaction.pk}/change/").content.decode()
    for words in (
        "Don &lt;Goodliffe&gt;", "Phone number matches", "phone=4155550132", "The call arrived", "Something new",
        "Inbound v1", "Note the call", "Post activity", "Needs attention", "May not write.", "INC1", "Look up caller",
        "ServiceNow demo", "1:21",
    ):  # fmt: skip
        assert words in page
    assert "javascript:" not in page


def test_a_story_costs_a_constant_number_of_queries(console, world, django_assert_max_num_queries):
    url = f"{LIST}{world.interaction.pk}/change/"
    console.get(url)
    with django_assert_max_num_queries(16):
        console.get(url)


def test_a_bare_interaction_has_a_story_too(console):
    bare = InteractionFactory(service=None, customer_number="anonymous", customer_e164="")
    page = console.get(f"{LIST}{bare.pk}/change/").content.decode()
    assert "Nothing had to be written." in page and "Anonymous" in page


def test_nobody_changes_an_interaction_by_hand(console, world):
    assert console.get(f"{LIST}add/").status_code == 403
    assert console.post(f"{LIST}{world.interaction.pk}/change/", {"state": "new"}).status_code == 403
    assert console.post(f"{LIST}{world.interaction.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_wire_log_is_found_by_the_reference(console, world):
    url = "/admin/integrations/apicall/"
    assert shown(console.get(url, {"q": world.interaction.reference}))
    assert shown(console.get(url, {"q": str(world.interaction.public_id)}))
    assert not shown(console.get(url, {"q": "ffffffffff"}))
    for query in ("?result=ok", "?since=hour", f"?account={world.account.pk}"):
        assert shown(console.get(url + query)), query
    assert not shown(console.get(url + "?result=none"))


def test_an_exchange_shows_its_bodies_indented_and_harmless(console, world):
    call = world.objects["integrations/apicall"]
    page = console.get(f"/admin/integrations/apicall/{call.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "&quot;result&quot;: []" in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, " https://x"])
def test_only_web_addresses_become_links(url):
    assert safe_url(url) == ""
    assert safe_url("https://dev1.service-now.com/x") == "https://dev1.service-now.com/x"
