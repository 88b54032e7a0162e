"""`cti.do`, rule by rule (ServiceNow docs, CTI)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from .conftest import Instance


@pytest.fixture
def browser(instance: Instance) -> requests.Session:
    session = requests.Session()
    form = {"user_name": "agent1", "user_password": "agent1"}
    assert session.post(f"{instance.base}/login.do", data=form, timeout=5).status_code == 200
    return session


def pop(browser: requests.Session, instance: Instance, **parameters: str) -> requests.Response:
    named = {f"sysparm_{name}": value for name, value in parameters.items()}
    return browser.get(f"{instance.base}/cti.do", params=named, allow_redirects=False, timeout=5)


def prefilled(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["Location"])
    assert parts.path.endswith("incident.do")
    query = parse_qs(parts.query)
    assert query["sys_id"] == ["-1"]
    pairs = (term.split("=", 1) for term in query["sysparm_query"][0].split("^"))
    return dict(pairs)  # type: ignore[arg-type]


def test_only_a_logged_in_user_gets_anything(instance: Instance) -> None:
    answer = requests.get(
        f"{instance.base}/cti.do?sysparm_caller_name=Don%20Goodliffe", allow_redirects=False, timeout=5
    )
    assert answer.status_code == 302 and "login.do" in answer.headers["Location"]


def test_a_wrong_password_does_not_log_in(instance: Instance) -> None:
    form = {"user_name": "agent1", "user_password": "wrong"}
    assert requests.post(f"{instance.base}/login.do", data=form, timeout=5).status_code == 401


def test_open_incidents_show_the_caller_and_the_list(browser: requests.Session, instance: Instance) -> None:
    page = pop(browser, instance, caller_name="Don Goodliffe").text
    assert "don.goodliffe@example.com" in page
    assert "INC0010001" in page and "INC0010002" in page and "INC0010003" not in page


def test_no_open_incident_leads_to_a_new_one_filled_from_the_parameters(
    browser: requests.Session, instance: Instance
) -> None:
    answer = pop(browser, instance, caller_name="Carla Reyes", priority="1", short_description="Help", nonsense="x")
    carla = instance.rows("sys_user", "name=Carla Reyes")[0]["sys_id"]
    assert prefilled(answer) == {"caller_id": carla, "priority": "1", "short_description": "Help"}


def test_the_form_shows_the_prefilled_values(browser: requests.Session, instance: Instance) -> None:
    answer = pop(browser, instance, caller_name="Carla Reyes", short_description="Help with <b>", view="phone")
    page = browser.get(f"{instance.base}/{answer.headers['Location']}", timeout=5).text
    assert "Help with &lt;b&gt;" in page and "view: phone" in page


def test_the_name_is_tried_before_the_phone(browser: requests.Session, instance: Instance) -> None:
    page = pop(browser, instance, caller_name="Don Goodliffe", caller_phone="+1 415 555 0133").text
    assert "Don Goodliffe" in page and "by the name" in page


def test_the_phone_is_tried_when_the_name_finds_nobody(browser: requests.Session, instance: Instance) -> None:
    page = pop(browser, instance, caller_name="Nobody", caller_phone="+1 415 555 0133").text
    assert "Beth Anglin" in page and "by the phone" in page


def test_the_phone_is_compared_as_text_unless_switched(browser: requests.Session, instance: Instance) -> None:
    assert "Nothing to open" in pop(browser, instance, caller_phone="+14155550133").text
    instance.settings(cti_compares_digits=True)
    assert "Beth Anglin" in pop(browser, instance, caller_phone="+14155550133").text


def test_nobody_found_and_an_existing_task_means_that_nothing_happens(
    browser: requests.Session, instance: Instance
) -> None:
    task = instance.rows("incident", "number=INC0010003")[0]["sys_id"]
    page = pop(browser, instance, caller_name="Nobody", task_id=task).text
    assert "INC0010003 exists, and still nothing happens" in page


def test_nobody_found_and_no_task_says_so(browser: requests.Session, instance: Instance) -> None:
    assert "has no rule for this" in pop(browser, instance, caller_name="Nobody").text


def test_a_client_callable_rule_decides_the_page(browser: requests.Session, instance: Instance) -> None:
    body = {"type": "phone", "caller_phone_number": "+14155550199"}
    sys_id = instance.table("POST", "interaction", json=body).json()["result"]["sys_id"]
    answer = pop(browser, instance, cti_rule="ctiOpenInteraction", caller_phone="+14155550199")
    assert answer.headers["Location"] == f"interaction.do?sys_id={sys_id}"


def test_a_rule_may_write_through_a_function_that_is_not_client_callable(
    browser: requests.Session, instance: Instance
) -> None:
    answer = pop(browser, instance, cti_rule="ctiLogCall", caller_phone="+14155550199")
    assert answer.status_code == 302
    assert instance.rows("sn_openframe_phone_log")[0]["phone_number"] == "+14155550199"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("ctiWriteLog", "not client callable"),
        ("ctiCreateIncident", "may not insert"),
        ("noSuchRule", "no such function"),
    ],
)
def test_other_rules_are_refused(browser: requests.Session, instance: Instance, rule: str, reason: str) -> None:
    before = len(instance.rows("incident"))
    answer = pop(browser, instance, cti_rule=rule)
    assert answer.status_code == 403 and reason in answer.text
    assert len(instance.rows("incident")) == before
