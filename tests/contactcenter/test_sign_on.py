"""Single sign-on at both doors: who is let in, as whom, with which rights, and what the administrator reads of it."""

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.conf import settings as project
from django.contrib.auth.models import Group, User
from django.test import Client

from contactcenter.admin.groups import SUPERVISORS, ensure_supervisors
from contactcenter.models import Agent, SignOnIdentity
from integrations import sign_on
from integrations.models import InboundEvent, IntegrationAccount
from tests.factories import AdminFactory, AgentFactory, UserFactory
from tests.sign_on import answer_for, begin_there, log_in, post_answer, sso_account
from tests.simulated import Simulators

pytestmark = pytest.mark.django_db(transaction=True)
DESK, ADMIN = "sso_agent_desktop", "sso_admin"
START = {DESK: "/agentdesktop/sso/login", ADMIN: "/admin/sso/login"}
SUPERVISORS_MAPPED = [{"group": "supervisors", "role": SUPERVISORS}]
REFUSED = "You are not logged in"


def desk(**properties: Any) -> IntegrationAccount:
    return sso_account(DESK, **properties)


def administration(**properties: Any) -> IntegrationAccount:
    ensure_supervisors()
    return sso_account(ADMIN, **properties)


def told(account: IntegrationAccount) -> str:
    """The newest line on the account page."""
    return sign_on.recent(account)[0].error


def is_refused(response: Any, account: IntegrationAccount, reason: str) -> None:
    """In general words for the browser, in particular ones for the administrator."""
    assert response.status_code == 403
    assert REFUSED in response.content.decode()
    assert reason not in response.content.decode()
    assert reason in told(account)


# -- the buttons


@pytest.mark.parametrize(("key", "page"), [(DESK, "/agentdesktop/login/"), (ADMIN, "/admin/login/")])
def test_the_button_is_there_while_the_account_of_that_door_is_switched_on(
    simulated: Simulators, client: Client, key: str, page: str
) -> None:
    words = "Log in with single sign-on"
    assert words not in client.get(page).content.decode()
    account = sso_account(key)
    assert words in client.get(page).content.decode()
    other = "/admin/login/" if key == DESK else "/agentdesktop/login/"
    assert words not in client.get(other).content.decode()
    account.properties["enable_single_sign_on"] = False
    account.save()
    assert words not in client.get(page).content.decode()
    assert client.get(START[key]).status_code == 403


def test_the_local_log_in_always_works(simulated: Simulators, client: Client) -> None:
    account = administration()
    AdminFactory(username="root")
    account.properties["identity_provider_certificate"] = "broken"
    account.save()
    assert client.get("/admin/login/").status_code == 200
    assert client.post("/admin/login/", {"username": "root", "password": "root"}).status_code == 302
    assert client.get("/admin/").status_code == 200


# -- the desktop


def test_an_existing_agent_is_not_known_by_name_unless_the_account_says_so(
    simulated: Simulators, client: Client
) -> None:
    AgentFactory(login="agent1", state="LOGGED_OUT")
    account = desk()
    is_refused(log_in(client, START[DESK], "agent1"), account, "Nobody here is “agent1”")
    account.properties["match_existing_users"] = True
    account.save()
    response = log_in(client, START[DESK], "agent1")
    assert (response.status_code, response["Location"]) == (302, "/agentdesktop/")
    assert client.get("/agentdesktop/").status_code == 200
    assert Agent.objects.get().state == "NOT_READY"
    link = SignOnIdentity.objects.get()
    assert (link.user.username, link.subject, link.provisioned) == ("agent1", "agent1", False)
    assert told(account) == ""


def test_an_administrator_links_a_user_whatever_their_name(simulated: Simulators, client: Client) -> None:
    account = desk()
    agent = AgentFactory(login="ava.martin", state="LOGGED_OUT")
    SignOnIdentity.objects.create(account=account, user=agent.user, subject="agent1")
    assert log_in(client, START[DESK], "agent1").status_code == 302
    agent.refresh_from_db()
    assert agent.state == "NOT_READY"


def test_nobody_is_known_by_their_e_mail_address(simulated: Simulators, client: Client) -> None:
    AgentFactory(user=UserFactory(username="ben", email="agent1@example.com"))
    account = desk(match_existing_users=True)
    is_refused(log_in(client, START[DESK], "agent1"), account, "Nobody here is")
    account.properties["enable_just_in_time_user_provisioning"] = True
    account.save()
    assert log_in(client, START[DESK], "agent1").status_code == 302
    assert SignOnIdentity.objects.get().user.username == "agent1"


def test_a_stranger_becomes_an_agent_only_where_that_is_enabled(simulated: Simulators, client: Client) -> None:
    AgentFactory(login="other", extension="1041")
    account = desk()
    is_refused(log_in(client, START[DESK], "nina"), account, "provisioning is not enabled")
    assert not User.objects.filter(username="nina").exists()
    account.properties["enable_just_in_time_user_provisioning"] = True
    account.save()
    assert log_in(client, START[DESK], "nina").status_code == 302
    nina = User.objects.get(username="nina")
    assert (nina.first_name, nina.last_name, nina.email) == ("Nina", "Neu", "nina@example.com")
    assert not nina.is_staff and not nina.is_superuser and not nina.has_usable_password()
    assert nina.agent.extension == "1042"
    assert [e.additional_data["sentence"] for e in LogEntry.objects.get_for_object(nina)] == [
        "Added by single sign-on “SSO sso_agent_desktop” for nina of urn:simulator:sso_agent_desktop"
    ]
    client.logout()
    assert log_in(client, START[DESK], "nina").status_code == 302
    assert User.objects.filter(username__startswith="nina").count() == 1


def test_an_existing_user_name_is_not_taken_over_by_provisioning(simulated: Simulators, client: Client) -> None:
    UserFactory(username="NINA")
    account = desk(enable_just_in_time_user_provisioning=True)
    is_refused(log_in(client, START[DESK], "nina"), account, "There is a user “nina” already")
    assert not SignOnIdentity.objects.exists()


def test_a_locked_user_stays_out(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    log_in(client, START[DESK], "nina")
    User.objects.update(is_active=False)
    is_refused(log_in(Client(), START[DESK], "nina"), account, "is locked")
    User.objects.update(is_active=True)
    assert log_in(Client(), START[DESK], "nina").status_code == 302


def test_somebody_who_is_no_agent_is_told_so_on_the_account_page(simulated: Simulators, client: Client) -> None:
    UserFactory(username="agent1")
    account = desk(match_existing_users=True)
    is_refused(log_in(client, START[DESK], "agent1"), account, "is not an agent")
    assert not SignOnIdentity.objects.exists()


def test_the_phone_device_comes_along(simulated: Simulators, client: Client) -> None:
    desk(enable_just_in_time_user_provisioning=True)
    log_in(client, f"{START[DESK]}?device=external&device_number=%2B1+415+555+0199", "nina")
    agent = Agent.objects.get()
    assert (agent.device, agent.device_number) == ("external", "+1 415 555 0199")
    response = log_in(Client(), f"{START[DESK]}?device=external", "nina")
    assert response.status_code == 409 and "number" in response.content.decode()


# -- the administration


def test_a_stranger_gets_the_mapped_groups_and_nothing_else(simulated: Simulators, client: Client) -> None:
    account = administration(enable_just_in_time_user_provisioning=True, group_map=SUPERVISORS_MAPPED)
    is_refused(log_in(client, START[ADMIN], "guest"), account, "in none of the mapped groups")
    is_refused(log_in(client, START[ADMIN], "nina"), account, "in none of the mapped groups")
    assert not User.objects.exists()
    response = log_in(client, f"{START[ADMIN]}?next=/admin/contactcenter/agent/", "rita")
    assert (response.status_code, response["Location"]) == (302, "/admin/contactcenter/agent/")
    rita = User.objects.get()
    assert rita.is_staff and not rita.is_superuser and not Agent.objects.exists()
    assert [group.name for group in rita.groups.all()] == [SUPERVISORS]
    assert client.get("/admin/contactcenter/agent/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403
    sentences = [e.additional_data["sentence"] for e in LogEntry.objects.get_for_object(rita).order_by("id")]
    assert [sentence.split(" by ")[0] for sentence in sentences] == ["Added", f"Groups {SUPERVISORS} given"]


def test_rights_that_the_identity_provider_takes_away_are_gone(simulated: Simulators, client: Client) -> None:
    account = administration(enable_just_in_time_user_provisioning=True, group_map=SUPERVISORS_MAPPED)
    log_in(client, START[ADMIN], "rita")
    by_hand = Group.objects.create(name="By hand")
    rita = User.objects.get()
    rita.groups.add(by_hand)
    account.properties["group_map"] = [{"group": "others", "role": SUPERVISORS}]
    account.save()
    is_refused(log_in(Client(), START[ADMIN], "rita"), account, "no right to the administration")
    rita.refresh_from_db()
    assert not rita.is_staff and list(rita.groups.all()) == [by_hand]
    assert client.get("/admin/").status_code == 302
    account.properties["group_map"] = SUPERVISORS_MAPPED
    account.save()
    assert log_in(Client(), START[ADMIN], "rita").status_code == 302


def test_rights_of_a_user_who_was_linked_are_the_administrators_business(simulated: Simulators, client: Client) -> None:
    account = administration(match_existing_users=True, group_map=SUPERVISORS_MAPPED)
    UserFactory(username="guest", is_staff=True)
    assert log_in(client, START[ADMIN], "guest").status_code == 302
    assert not User.objects.get().groups.exists()
    User.objects.update(is_staff=False)
    is_refused(log_in(Client(), START[ADMIN], "guest"), account, "no right to the administration")


def test_a_superuser_is_never_found_by_name(simulated: Simulators, client: Client) -> None:
    AdminFactory(username="rita")
    account = administration(
        match_existing_users=True, enable_just_in_time_user_provisioning=True, group_map=SUPERVISORS_MAPPED
    )
    is_refused(log_in(client, START[ADMIN], "rita"), account, "There is a user “rita” already")


def test_whoever_one_door_created_does_not_come_in_at_the_other(simulated: Simulators) -> None:
    everything = {"enable_just_in_time_user_provisioning": True, "match_existing_users": True}
    at_desk = desk(**everything)
    at_admin = administration(**everything, group_map=[{"group": "agents", "role": SUPERVISORS}, *SUPERVISORS_MAPPED])
    assert log_in(Client(), START[DESK], "nina").status_code == 302
    is_refused(log_in(Client(), START[ADMIN], "nina"), at_admin, "no right to the administration")
    assert not User.objects.get(username="nina").is_staff
    assert log_in(Client(), START[ADMIN], "rita").status_code == 302
    is_refused(log_in(Client(), START[DESK], "rita"), at_desk, "is not an agent")
    assert not Agent.objects.filter(user__username="rita").exists()


@pytest.mark.parametrize("name", [project.SESSION_COOKIE_NAME, project.DESKTOP_SESSION_COOKIE_NAME])
def test_a_session_of_one_door_is_worth_nothing_at_the_other(simulated: Simulators, name: str) -> None:
    """The supervisor may use both; the key of the session must not be carried from one cookie to the other."""
    user = UserFactory(username="supervisor", is_staff=True)
    AgentFactory(user=user, state="LOGGED_OUT")
    desk(match_existing_users=True)
    administration(match_existing_users=True)
    from_desk, from_admin = Client(), Client()
    log_in(from_desk, START[DESK], "supervisor")
    log_in(from_admin, START[ADMIN], "supervisor")
    thief = Client()
    if name == project.SESSION_COOKIE_NAME:
        thief.cookies[name] = from_desk.cookies[project.DESKTOP_SESSION_COOKIE_NAME].value
        assert thief.get("/admin/").status_code == 302
        assert from_admin.get("/admin/").status_code == 200
    else:
        thief.cookies[name] = from_admin.cookies[project.SESSION_COOKIE_NAME].value
        assert thief.get("/agentdesktop/overview").status_code == 401
        assert from_desk.get("/agentdesktop/overview").status_code == 200


# -- the way


def test_the_session_gets_a_new_key(simulated: Simulators, client: Client) -> None:
    desk(enable_just_in_time_user_provisioning=True)
    client.get("/agentdesktop/login/")
    before = client.cookies[project.DESKTOP_SESSION_COOKIE_NAME].value
    log_in(client, START[DESK], "nina")
    assert client.cookies[project.DESKTOP_SESSION_COOKIE_NAME].value != before


def test_only_the_browser_that_asked_gets_in(simulated: Simulators, client: Client) -> None:
    """Somebody's own answer, slipped to another person, would log that person in as somebody else."""
    account = desk(enable_just_in_time_user_provisioning=True)
    back = post_answer(*answer_for(client.get(START[DESK])["Location"], "nina"))
    is_refused(Client().get(back["Location"]), account, "another browser")
    assert not User.objects.exists()
    assert log_in(client, START[DESK], "nina").status_code == 302


def test_a_ticket_and_an_answer_count_once(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    where, form = answer_for(client.get(START[DESK])["Location"], "nina")
    back = post_answer(where, form)
    assert client.get(back["Location"]).status_code == 302
    is_refused(client.get(back["Location"]), account, "used before")
    is_refused(post_answer(where, form), account, "used before")
    assert InboundEvent.objects.filter(kind=sign_on.LOGIN).count() == 1


def test_a_made_up_ticket_is_refused(simulated: Simulators, client: Client) -> None:
    account = desk()
    is_refused(client.get("/agentdesktop/sso/finish?ticket=abc"), account, "took too long, or was not ours")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/admin/", "javascript:alert(1)",
        "/agentdesktop/../../\\evil", "http://127.0.0.1:8000.evil.example/agentdesktop/", "",
    ],
)  # fmt: skip
def test_the_identity_provider_cannot_send_the_browser_elsewhere(
    simulated: Simulators, client: Client, wanted: str
) -> None:
    desk(enable_just_in_time_user_provisioning=True, allow_idp_initiated=True)
    response = begin_there(f"{simulated.url}/{DESK}", client, "nina", wanted)
    assert (response.status_code, response["Location"]) == (302, "/agentdesktop/")


def test_a_path_of_ours_is_where_it_goes_on(simulated: Simulators, client: Client) -> None:
    desk(enable_just_in_time_user_provisioning=True, allow_idp_initiated=True)
    for wanted in ("/agentdesktop/?x=1", f"{project.PUBLIC_URL}/agentdesktop/?x=1"):
        assert begin_there(f"{simulated.url}/{DESK}", client, "nina", wanted)["Location"] == "/agentdesktop/?x=1"


def test_a_log_in_that_the_identity_provider_begins_needs_leave(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    is_refused(begin_there(f"{simulated.url}/{DESK}", client, "nina"), account, "not allowed by this account")


def test_refusals_are_counted_and_not_piled_up(simulated: Simulators, client: Client) -> None:
    account = desk()
    simulated.fault(DESK, "unsigned")
    for _ in range(3):
        assert log_in(client, START[DESK], "agent1").status_code == 403
    [line] = sign_on.recent(account)
    assert line.attempts == 3 and "not signed" in line.error


def test_anybodys_words_are_kept_in_small_numbers_and_on_one_line(simulated: Simulators, client: Client) -> None:
    account = desk()
    for number in range(sign_on.MOST_REASONS + 5):
        sign_on.note_refusal(account, f"Reason {number}\nERROR root: forged")
    assert InboundEvent.objects.filter(account=account).count() == sign_on.MOST_REASONS + 1
    assert told(account) == "Many more answers, for many reasons."
    assert "\n" not in InboundEvent.objects.earliest("id").error


def test_a_certificate_that_cannot_be_read_lets_nobody_in(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    good = account.properties["identity_provider_certificate"]
    account.properties["identity_provider_certificate"] = "broken"
    account.save()
    is_refused(log_in(client, START[DESK], "nina"), account, "certificate cannot be used")
    account.properties["identity_provider_certificate"] = good
    account.save()
    assert log_in(client, START[DESK], "nina").status_code == 302


def test_a_replayed_answer_of_the_identity_provider_is_refused(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    assert log_in(client, START[DESK], "nina").status_code == 302
    simulated.fault(DESK, "replayed")
    is_refused(log_in(Client(), START[DESK], "nina"), account, "used before")
    simulated.heal(DESK)
    assert log_in(Client(), START[DESK], "nina").status_code == 302


def test_our_address_takes_posts_only_and_gives_its_metadata(simulated: Simulators, client: Client) -> None:
    assert client.get("/agentdesktop/sso/metadata").status_code == 404
    desk()
    assert client.get("/agentdesktop/sso/redirect").status_code == 405
    answer = client.get("/agentdesktop/sso/metadata")
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    assert b"/agentdesktop/sso/redirect" in answer.content


def test_a_foreign_page_can_post_without_our_token(simulated: Simulators) -> None:
    account = desk()
    strict = Client(enforce_csrf_checks=True)
    is_refused(strict.post("/agentdesktop/sso/redirect", {"SAMLResponse": "x"}), account, "cannot be read")


# -- what people see


def test_the_account_page_shows_log_ins_and_refusals(simulated: Simulators, client: Client) -> None:
    account = desk(enable_just_in_time_user_provisioning=True)
    log_in(Client(), START[DESK], "nina")
    simulated.fault(DESK, "sha1")
    log_in(Client(), START[DESK], "nina")
    client.force_login(AdminFactory())
    page = client.get(f"/admin/integrations/integrationaccount/{account.pk}/change/").content.decode()
    assert "nina logged in" in page
    assert "Deprecated signature algorithm" in page
    assert 'value="http://127.0.0.1:8000/agentdesktop/sso/redirect"' in page


def test_the_log_out_page_of_the_identity_provider_is_offered(simulated: Simulators, client: Client) -> None:
    address = "https://idp.example.com/logout"
    administration(match_existing_users=True, logout_url=address)
    desk(logout_url=address)
    UserFactory(username="guest", is_staff=True)
    log_in(client, START[ADMIN], "guest")
    assert address in client.post("/admin/logout/").content.decode()
    assert address in client.get("/agentdesktop/login/?reason=logout").content.decode()


def test_an_administrator_links_a_user_on_the_users_page(simulated: Simulators, client: Client) -> None:
    account = administration()
    client.force_login(AdminFactory())
    user = UserFactory(username="sam", is_staff=True)
    page = f"/admin/auth/user/{user.pk}/change/"
    assert "Single sign-on" in client.get(page).content.decode()
    prefix = "sign_on_identities"
    sent = {
        "username": "sam", "is_active": "on", "is_staff": "on", f"{prefix}-TOTAL_FORMS": "1",
        f"{prefix}-INITIAL_FORMS": "0", f"{prefix}-0-account": account.pk, f"{prefix}-0-subject": "rita",
        f"{prefix}-0-user": user.pk,
    }  # fmt: skip
    assert client.post(page, sent).status_code == 302
    assert SignOnIdentity.objects.get().issuer == "urn:simulator:sso_admin"
    assert log_in(Client(), START[ADMIN], "rita").status_code == 302
