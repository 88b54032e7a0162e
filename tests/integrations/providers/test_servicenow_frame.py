"""Screen pops and the frame around our desktop."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from integrations.capabilities import CallFacts, EmbedHost, RecordRef
from integrations.providers.servicenow import ServiceNow
from tests.integrations.providers.conftest import Vendor, make_account

CALLER = RecordRef("sys_user", "5" * 32)
INTERACTION = RecordRef("interaction", "7" * 32)
FACTS = CallFacts(phone="+14155550132", name="Don Goodliffe", task_id="9" * 32, fields={"priority": "1"})


def connect(**properties: Any) -> ServiceNow:
    provider: ServiceNow = make_account(**properties).connect()
    return provider


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_simulated_account_is_embedded_in_the_simulator(servicenow: Vendor) -> None:
    host = connect()
    assert isinstance(host, EmbedHost)
    assert host.web_origin() == servicenow.address.removesuffix("/servicenow")
    assert host.client_library() == f"{servicenow.address}/scripts/openframe/latest/openFrameAPI.min.js"
    assert host.host_module == "servicenow"


def test_a_real_account_is_embedded_in_its_instance() -> None:
    account = make_account(instance_url="https://dev12345.service-now.com")
    account.simulated = False
    assert account.connect().web_origin() == "https://dev12345.service-now.com"


def test_the_form_opens_by_table_and_query_in_the_frame_and_by_address_outside(servicenow: Vendor) -> None:
    pop = connect().screen_pop(CALLER, FACTS)
    assert (pop.entity, pop.query, pop.relative_url) == ("sys_user", f"sys_id={CALLER.id}", "")
    assert pop.url == f"{servicenow.address}/nav_to.do?uri=sys_user.do%3Fsys_id%3D{CALLER.id}"


def test_the_interaction_record_opens_where_the_account_chooses_it() -> None:
    facts = CallFacts(phone="+14155550132", interaction=INTERACTION)
    crm = connect(screen_pop="interaction")
    assert crm.screen_pop(CALLER, facts).entity == "interaction"
    assert crm.screen_pop(CALLER, FACTS).entity == "sys_user"  # there is none yet


def test_the_workspace_opens_by_its_own_pattern(servicenow: Vendor) -> None:
    crm = connect(screen_pop="workspace", workspace_url_pattern="/now/sow/record/{table}/{sys_id}")
    pop = crm.screen_pop(CALLER, FACTS)
    assert pop.url == f"{servicenow.address}/now/sow/record/sys_user/{CALLER.id}"
    assert pop.relative_url == f"now/sow/record/sys_user/{CALLER.id}"
    assert pop.entity == ""


def test_an_unknown_caller_gets_a_new_record_with_the_call_filled_in(servicenow: Vendor) -> None:
    facts = CallFacts(phone="+14155550199", fields={"category": "net^work", "bad name": "x"})
    pop = connect().screen_pop(None, facts)
    assert pop.entity == "incident"
    filled = "contact_type=phone^short_description=Call from +14155550199^category=network"
    assert pop.query == f"sys_id=-1&sysparm_query={filled}"
    inner = parse_qs(urlsplit(pop.url).query)["uri"][0]
    assert unquote(inner) == f"incident.do?sys_id=-1&sysparm_query={filled}"
    assert "sysparm_query=contact_type%3Dphone%5E" in inner  # encoded once more inside


def test_the_cti_page_gets_every_parameter(servicenow: Vendor) -> None:
    pop = connect(screen_pop="cti", cti_view="ess", cti_rule="ourRule").screen_pop(CALLER, FACTS)
    assert pop.url == f"{servicenow.address}/{pop.relative_url}"
    assert not urlsplit(pop.relative_url).scheme and not pop.relative_url.startswith("/")
    assert parse_qs(urlsplit(pop.relative_url).query) == {
        "sysparm_caller_name": ["Don Goodliffe"],
        "sysparm_caller_phone": ["+14155550132"],
        "sysparm_task_id": ["9" * 32],
        "sysparm_view": ["ess"],
        "sysparm_cti_rule": ["ourRule"],
        "sysparm_priority": ["1"],
    }
    assert "Don%20Goodliffe" in pop.relative_url
    assert "%2B1415" in pop.relative_url


def test_what_is_not_known_is_left_out_of_the_cti_page() -> None:
    pop = connect(screen_pop="cti").screen_pop(None, CallFacts(phone="+14155550199"))
    assert pop.relative_url == "cti.do?sysparm_caller_phone=%2B14155550199"


def test_a_field_cannot_replace_a_parameter_of_the_cti_page() -> None:
    facts = CallFacts(phone="+1", fields={"cti_rule": "evil", "view": "x", "a b": "y", "category": "ok"})
    address = connect(screen_pop="cti").screen_pop(None, facts).relative_url
    assert parse_qs(urlsplit(address).query) == {"sysparm_caller_phone": ["+1"], "sysparm_category": ["ok"]}


def test_the_cti_address_stays_within_what_openframe_takes() -> None:
    facts = CallFacts(phone="+1", fields={"description": "x" * 2100, "category": "ok"})
    address = connect(screen_pop="cti").screen_pop(None, facts).relative_url
    assert len(address) <= 2083
    assert "sysparm_category=ok" in address
