"""Agents' presence in ServiceNow and Zendesk, against their simulators: read, set, refused in words, back again."""

from typing import Any

import pytest
import requests

from integrations.capabilities import AgentPresence
from integrations.errors import Cause, RateLimited, Rejected, Unavailable
from tests.integrations.providers import zendesk as help_desk
from tests.integrations.providers.conftest import Vendor, make_account

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = {"servicenow": "f" * 32, "zendesk": "999999"}
OTHER_STATUS = {"servicenow": "e" * 32, "zendesk": "77"}


class Side:
    """One vendor with one of its agents."""

    def __init__(self, key: str, site: Vendor) -> None:
        self.key, self.site = key, site
        self.provider: Any = (make_account() if key == "servicenow" else help_desk.make_account()).connect()
        if key == "servicenow":
            self.user = str(site.user("agent1")["sys_id"])
        else:
            self.user = str(help_desk.person(site, "Ava Martin")["id"])
        site.forget_requests()

    def status(self, name: str) -> str:
        return next(each.id for each in self.provider.statuses(self.user) if each.name == name)

    def now(self) -> str:
        return str(self.provider.presence_of([self.user])[self.user].name)

    @property
    def ready(self) -> str:
        return "Available" if self.key == "servicenow" else "Online"


@pytest.fixture(params=["servicenow", "zendesk"])
def side(request: pytest.FixtureRequest, vendor: Any, transactional_db: None) -> Side:
    return Side(request.param, vendor(request.param))


def test_the_statuses_are_listed_with_what_lets_work_in(side: Side) -> None:
    found = {each.name: each.available for each in side.provider.statuses(side.user)}
    assert isinstance(side.provider, AgentPresence)
    assert found[side.ready] is True and found["Away"] is False and found["Offline"] is False


def test_zendesk_has_statuses_of_the_help_desks_own(vendor: Any, transactional_db: None) -> None:
    side = Side("zendesk", vendor("zendesk"))
    found = {each.id: (each.name, each.available) for each in side.provider.statuses(side.user)}
    assert found["123"] == ("In a meeting", False) and found["5"] == ("Transfers only", False)


def test_a_status_that_was_set_is_read_again_and_repeating_is_harmless(side: Side) -> None:
    for _ in range(2):
        side.provider.set_presence(side.user, side.status(side.ready))
    assert side.now() == side.ready


def test_many_are_read_and_unknown_ones_left_out(side: Side) -> None:
    asked = [side.user, *(UNKNOWN[side.key][:-1] + str(n) for n in range(5))]
    assert list(side.provider.presence_of(asked)) == [side.user]
    assert side.provider.presence_of([UNKNOWN[side.key]]) == {}


def test_everybody_in_zendesk_costs_one_request(vendor: Any, transactional_db: None) -> None:
    side = Side("zendesk", vendor("zendesk"))
    users = [str(row["id"]) for row in side.site.board()["users"] if row["role"] == "agent" and not row["suspended"]]
    assert len(side.provider.presence_of(users)) == len(users) > 3
    assert len(help_desk.sent(side.site, "GET", "/agent_availabilities")) == 1


def test_an_unknown_agent_or_status_is_refused(side: Side) -> None:
    for user, status in ((UNKNOWN[side.key], side.status("Away")), (side.user, OTHER_STATUS[side.key])):
        with pytest.raises(Rejected) as refusal:
            side.provider.set_presence(user, status)
        assert refusal.value.cause in (Cause.NOT_FOUND, Cause.INVALID_DATA)


def test_a_missing_right_is_told_with_what_to_do_and_heals(side: Side) -> None:
    off = {"awa_enabled": False} if side.key == "servicenow" else {"omnichannel_routing": False}
    side.site.settings(**off)
    with pytest.raises(Rejected) as refusal:
        side.now()
    assert refusal.value.cause == Cause.NO_PERMISSION
    words = "awa_integration_user" if side.key == "servicenow" else "only administrators"
    assert words in str(refusal.value)
    side.site.settings(**dict.fromkeys(off, True))
    assert side.now() == "Offline"


def test_a_user_without_the_role_may_not(vendor: Any, transactional_db: None) -> None:
    site = vendor("servicenow")
    side = Side("servicenow", site)
    site.change("sys_user", str(site.user("integration.user")["sys_id"]), roles="")
    with pytest.raises(Rejected, match="awa_integration_user"):
        side.now()


def test_an_instance_without_the_plugin_says_which(vendor: Any, transactional_db: None) -> None:
    site = vendor("servicenow")
    side = Side("servicenow", site)
    site.settings(awa_plugin=False)
    with pytest.raises(Rejected, match=r"com\.glide\.awa") as refusal:
        side.now()
    assert refusal.value.cause == Cause.API_DISABLED


@pytest.mark.parametrize(
    ("fault", "error"), [("rate_limit", RateLimited), ("server_error", Unavailable), ("reset", Unavailable)]
)
def test_faults_are_the_usual_errors_and_pass(side: Side, fault: str, error: type[Exception]) -> None:
    status = side.status("Away")
    side.site.fault(fault)
    with pytest.raises(error):
        side.provider.set_presence(side.user, status)
    side.site.healthy()
    side.provider.set_presence(side.user, status)
    assert side.now() == "Away"


@pytest.mark.parametrize("fault", ["html", "wrong_shape", "truncated"])
def test_an_answer_of_another_shape_is_an_error_never_a_status(side: Side, fault: str) -> None:
    side.site.fault(fault)
    for ask in (lambda: side.provider.statuses(side.user), lambda: side.provider.presence_of([side.user])):
        with pytest.raises((Rejected, Unavailable)):
            ask()


def test_people_set_the_status_of_an_agent_on_the_simulators_page(side: Side) -> None:
    status = side.status(side.ready)
    place = "awa_presence.do" if side.key == "servicenow" else "agent/statuses"
    address = f"{side.site.address}/{place}"
    answer = requests.post(address, data={"user": side.user, "status": status}, timeout=5)
    assert answer.status_code == 200 and "on this page" in answer.text and "Ava Martin" in answer.text
    assert side.now() == side.ready
