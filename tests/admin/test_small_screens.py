"""Tokens, the contact centre, agents, reasons, services, contacts."""

import pytest

from contactcenter.models import ApiToken, ContactCenter, NotReadyReason, ServiceNumber
from tests.factories import AgentFactory, ContactFactory, NotReadyReasonFactory, ServiceFactory, UserFactory


def test_a_tokens_value_is_shown_once_and_never_again(console):
    answer = console.post("/admin/contactcenter/apitoken/add/", {"name": "Telephone system", "enabled": "on"})
    value = answer.context["value"]
    assert value in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    token = ApiToken.find(value)
    assert token.name == "Telephone system"
    for page in ("", f"{token.pk}/change/", f"{token.pk}/history/"):
        text = console.get(f"/admin/contactcenter/apitoken/{page}").content.decode()
        assert value not in text and token.hash not in text
    assert value not in str(dict(console.session))


def test_changing_a_token_keeps_its_value(console):
    token, value = ApiToken.issue("One")
    console.post(f"/admin/contactcenter/apitoken/{token.pk}/change/", {"name": "Renamed"})
    token.refresh_from_db()
    assert token.name == "Renamed" and not token.enabled
    assert ApiToken.find(value) is None
    console.post(f"/admin/contactcenter/apitoken/{token.pk}/change/", {"name": "Renamed", "enabled": "on"})
    assert ApiToken.find(value) == token


CENTRE = "/admin/contactcenter/contactcenter/1/change/"
VALUES = {
    "name": "Ours", "tenant": "ours", "time_zone": "Europe/Berlin", "default_region": "DE", "feed_alert_after": "30",
    "answer_timeout_seconds": "20", "after_call_work_seconds": "60", "recordings_kept_days": "365",
}  # fmt: skip


def test_the_list_of_the_contact_centre_is_its_form(console):
    assert console.get("/admin/contactcenter/contactcenter/").url == CENTRE
    assert console.post(CENTRE, {**VALUES, "enabled_types": ["nice"]}).status_code == 302
    centre = ContactCenter.current()
    assert (centre.default_region, centre.time_zone, centre.enabled_types) == ("DE", "Europe/Berlin", ["nice"])


def test_only_a_superuser_enables_types(client, db):
    from django.contrib.auth.models import Permission

    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_contactcenter", "change_contactcenter"]))
    client.force_login(user)
    centre = ContactCenter.current()
    centre.enabled_types = ["aws"]
    centre.save()
    assert "enabled_types" not in client.get(CENTRE).content.decode()
    client.post(CENTRE, {**VALUES, "enabled_types": ["nice"]})
    centre = ContactCenter.current()
    assert (centre.name, centre.enabled_types) == ("Ours", ["aws"])


@pytest.mark.parametrize(
    ("name", "value"), [("time_zone", "Mars/Olympus"), ("default_region", "XX"), ("answer_timeout_seconds", "1")]
)
def test_settings_that_make_no_sense_are_refused_on_their_field(console, name, value):
    answer = console.post(CENTRE, {**VALUES, name: value})
    assert name in answer.context["adminform"].form.errors


def test_an_agents_state_is_shown_and_cannot_be_set(console):
    agent = AgentFactory(login="agent1", state="NOT_READY", reason=NotReadyReasonFactory(key="lunch", name="Lunch"))
    url = f"/admin/contactcenter/agent/{agent.pk}/change/"
    assert "Not ready: Lunch" in console.get(url).content.decode()
    data = {"user": agent.user_id, "extension": "2000", "state": "READY", "crm_users-TOTAL_FORMS": 0,
            "crm_users-INITIAL_FORMS": 0}  # fmt: skip
    console.post(url, data)
    agent.refresh_from_db()
    assert (agent.extension, agent.state) == ("2000", "NOT_READY")


def test_a_reason_of_the_system_keeps_its_key_and_stays(console):
    reason = NotReadyReason.objects.filter(is_system=True).first() or NotReadyReasonFactory(
        key="no_answer", is_system=True
    )
    url = f"/admin/contactcenter/notreadyreason/{reason.pk}/"
    assert console.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    console.post(f"{url}change/", {"name": "Did not answer", "key": "other", "position": "1"})
    reason.refresh_from_db()
    assert reason.name == "Did not answer" and reason.key != "other"


def numbers(service, *texts):
    rows = {f"numbers-{n}-number": text for n, text in enumerate(texts)}
    return {
        "name": service.name, "code": service.code, "media": "voice", "recordings": "refused", "enabled": "on",
        "service_level_seconds": "20",
        "numbers-TOTAL_FORMS": len(texts), "numbers-INITIAL_FORMS": 0, **rows,
        "messengers-TOTAL_FORMS": 0, "messengers-INITIAL_FORMS": 0,
    }  # fmt: skip


def test_a_number_that_reaches_another_service_is_refused_on_its_row(console):
    ServiceFactory(name="Sales", numbers=["+1 415 555 0100"])
    service = ServiceFactory(name="Support")
    url = f"/admin/contactcenter/service/{service.pk}/change/"
    answer = console.post(url, numbers(service, "(415) 555-0100"))
    assert "reaches “Sales” already" in answer.content.decode()
    twice = console.post(url, numbers(service, "+14155550101", "415 555 0101"))
    assert "This number is listed twice." in twice.content.decode()
    assert console.post(url, numbers(service, "+14155550101")).status_code == 302
    assert ServiceNumber.objects.get(service=service).e164 == "+14155550101"


def test_a_contact_is_found_by_a_number_in_any_form(console):
    contact = ContactFactory(first_name="Don", last_name="Goodliffe", phones=["+14155550132"])
    ContactFactory(first_name="Ann", last_name="Other", phones=["+14155550133"])
    url = "/admin/contactcenter/contact/"
    for term in ("(415) 555-0132", "+1 415 555 0132", "goodl"):
        assert [row.pk for row in console.get(url, {"q": term}).context["cl"].result_list] == [contact.pk]


@pytest.mark.parametrize(("media", "asked", "left_out"), [
    ("voice", "recordings", "chat_bot"),
    ("chat", "chat_bot", "recordings"),
])  # fmt: skip
def test_a_service_is_asked_only_what_its_medium_makes_sense_of(console, media, asked, left_out):
    page = console.get(f"/admin/contactcenter/service/{ServiceFactory(media=media).pk}/change/").content.decode()
    assert f'name="{asked}"' in page and f'name="{left_out}"' not in page
    page = console.get("/admin/contactcenter/service/add/").content.decode()
    assert f'name="{asked}"' in page and f'name="{left_out}"' in page
