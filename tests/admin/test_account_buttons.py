"""The buttons of an account: run by POST, outside a transaction, and always answered by a page that helps."""

import base64

import pytest
from django import forms
from django.db import transaction
from django.test import Client

from integrations.actions import Download, Result, action
from integrations.diagnosis.doctor import Passed, Verdict
from integrations.errors import Cause, Rejected, Stage, Unavailable
from integrations.models import IntegrationAccount
from integrations.properties import PropertiesForm
from integrations.providers.base import Provider
from integrations.providers.servicenow import ServiceNow
from tests.factories import AccountFactory, AdminFactory

from .conftest import account_url


class Login(forms.Form):
    username = forms.CharField(label="User name", help_text="The user.")
    password = forms.CharField(widget=forms.PasswordInput)


class Toy(Provider):
    """A provider with every kind of button."""

    key = "toy"
    label = "Toy"
    type = ServiceNow.type
    seen: list[object] = []

    class Properties(PropertiesForm):
        pass

    @action("Greet", form=Login, help_text="Says hello.")
    def greet(self, username: str, password: str) -> Result:
        Toy.seen.append((username, password, transaction.get_connection().in_atomic_block))
        if username == "nobody":
            raise Rejected("There is no such user.", field="username")
        return Result(True, f"Hello {username}.", rows=(("Token", "30 minutes"),))

    @action("Leave")
    def leave(self) -> Result:
        return Result(True, "Go on there.", redirect="https://vendor.example.com/authorise?state=1")

    @action("Give a file")
    def give(self) -> Result:
        made = Download('a "file".xml', "application/xml", b"<html><script>alert(1)</script></html>")
        return Result(True, "Import it there.", download=made)

    @action("Break")
    def break_it(self) -> Result:
        raise RuntimeError("canary-inside-a-bug")

    @action("Fail")
    def fail(self) -> Result:
        raise Unavailable("The vendor is asleep.", vendor_message="zzz")

    @action("Hidden", applies=lambda provider: False)
    def hidden(self) -> Result:
        raise AssertionError("not to be run")

    @action("Diagnose")
    def diagnose(self) -> Result:
        verdict = Verdict(
            False, "It does not let us in.", Stage.AUTHENTICATION, Cause.BAD_CREDENTIALS, came_back="401 <b>no</b>",
            meaning="Wrong password.", who="the vendor's administrator", next_step="Set a new one.",
            clicks=("Users", "Set password"), forward="Dear administrator",
            passed=(Passed(Stage.NAME, "1.2.3.4"), Passed(Stage.TCP, "open"), Passed(Stage.TLS, "TLS 1.3")),
        )  # fmt: skip
        return Result(False, verdict.message, verdict=verdict)


@pytest.fixture
def toy(transactional_db, register_provider) -> IntegrationAccount:
    register_provider(Toy)
    Toy.seen.clear()
    return AccountFactory(name="Toy", provider="toy")


@pytest.fixture
def console(transactional_db) -> Client:
    client = Client()
    client.force_login(AdminFactory(username="admin"))
    return client


def press(console, account, key, data=None, **headers):
    return console.post(account_url(account, f"action/{key}/"), data or {}, headers=headers)


def test_the_page_has_a_button_for_each_action_that_applies(console, toy):
    page = console.get(account_url(toy)).content.decode()
    for label in ("Test connection", "Greet", "Leave"):
        assert label in page
    assert "Hidden" not in page


def test_an_action_with_a_form_asks_first_and_runs_outside_any_transaction(console, toy):
    asked = console.get(account_url(toy, "action/greet/")).content.decode()
    assert "User name" in asked and "Says hello." in asked
    answer = press(console, toy, "greet", {"username": "abel", "password": "canary-password"}).content.decode()
    assert "Hello abel." in answer and "30 minutes" in answer
    assert "canary-password" not in answer
    assert Toy.seen == [("abel", "canary-password", False)]


def test_a_form_that_is_not_filled_in_runs_nothing(console, toy):
    answer = press(console, toy, "greet", {"username": "abel"}).content.decode()
    assert "This field is required." in answer
    assert not Toy.seen


def test_the_vendors_refusal_lands_on_the_field_it_names(console, toy):
    answer = press(console, toy, "greet", {"username": "nobody", "password": "x"})
    assert answer.context["form"].errors["username"] == ["There is no such user."]
    assert "There is no such user." in answer.content.decode()
    assert "Hello abel." in press(console, toy, "greet", {"username": "abel", "password": "x"}).content.decode()


def test_looking_at_an_action_runs_nothing(console, toy):
    assert console.get(account_url(toy, "action/break_it/")).status_code == 200


def test_a_vendors_failure_says_what_it_means_and_what_to_do_next(console, toy):
    answer = press(console, toy, "fail")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "The vendor is asleep. (zzz)" in page
    assert "What it means" in page
    assert answer.context["result"].verdict.next_step in page


def test_what_needs_a_token_says_how_to_get_one(console):
    account = AccountFactory(provider="salesforce", properties={"consumer_key": "k"}, secrets={"consumer_secret": "s"})
    page = press(console, account, "check_limits").content.decode()
    assert "This account has not been authorised yet" in page
    assert "Press Request token" in page


def test_a_bug_is_a_page_with_a_number_and_without_the_exceptions_words(console, toy, caplog):
    answer = press(console, toy, "break_it")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Something went wrong in this program" in page and "RuntimeError" in page
    assert "canary-inside-a-bug" not in page
    assert "Fault" in caplog.text


def test_consent_at_the_vendor_is_a_link_that_names_the_host(console, toy):
    page = press(console, toy, "leave").content.decode()
    assert 'href="https://vendor.example.com/authorise?state=1"' in page
    assert "Continue at vendor.example.com" in page


def test_a_file_that_was_made_is_an_attachment_and_never_a_page(console, toy):
    answer = press(console, toy, "give")
    assert answer.content == b"<html><script>alert(1)</script></html>"
    assert answer["Content-Type"] == "application/xml"
    assert answer["Content-Disposition"] == r'attachment; filename="a \"file\".xml"'
    assert (answer["X-Content-Type-Options"], "no-store" in answer["Cache-Control"]) == ("nosniff", True)


def test_the_dialog_says_what_to_do_with_a_file_and_saves_it(console, toy):
    page = press(console, toy, "give", **{"X-Fragment": "1"}).content.decode()
    assert "Import it there." in page
    link = page.partition("<a ")[2].partition("</a>")[0]
    assert 'download="a &quot;file&quot;.xml"' in link
    assert "data-save" in link
    address = link.partition('href="data:application/xml;base64,')[2].partition('"')[0]
    assert base64.b64decode(address) == b"<html><script>alert(1)</script></html>"


def test_a_verdict_is_shown_step_by_step_with_who_acts(console, toy):
    page = press(console, toy, "diagnose").content.decode()
    for words in ("It does not let us in.", "Wrong credentials", "administrator has to act", "Set a new one.",
                  "Set password", "Dear administrator", "401 &lt;b&gt;no&lt;/b&gt;"):  # fmt: skip
        assert words in page
    assert page.count('class="passed"') == 3
    assert page.count('class="failed"') == 1


def test_the_dialog_gets_the_same_without_the_frame(console, toy):
    page = press(console, toy, "diagnose", **{"X-Fragment": "1"}).content.decode()
    assert "It does not let us in." in page
    assert "<html" not in page


@pytest.mark.parametrize(
    ("key", "sentence"), [("nonsense", "no such button"), ("hidden", "does not go with the present settings")]
)
def test_what_cannot_be_run_says_why(console, toy, key, sentence):
    assert sentence in press(console, toy, key).content.decode()


def test_a_disabled_account_calls_nobody(console, toy):
    IntegrationAccount.objects.update(enabled=False)
    assert (
        "The account is disabled" in press(console, toy, "greet", {"username": "a", "password": "b"}).content.decode()
    )
    assert not Toy.seen


def test_an_account_without_its_provider_explains_itself(console, toy):
    IntegrationAccount.objects.update(provider="vanished")
    assert "there is no provider" in press(console, toy, "test_connection").content.decode()


def test_an_account_that_does_not_exist_is_not_found(console, toy):
    assert console.get("/admin/integrations/integrationaccount/999/action/greet/").status_code == 404


def test_whoever_may_only_look_has_no_buttons(toy, client, django_user_model):
    from contactcenter.admin.groups import ensure_supervisors

    user = django_user_model.objects.create_user("supervisor", is_staff=True)
    user.groups.add(ensure_supervisors())
    client.force_login(user)
    page = client.get(account_url(toy)).content.decode()
    assert "Test connection" not in page
    assert client.post(account_url(toy, "action/greet/")).status_code == 403


def test_test_connection_works_against_the_simulator_and_says_who_we_are(simulated):
    console = Client()
    console.force_login(AdminFactory(username="admin"))
    account = AccountFactory(
        name="ServiceNow demo", provider="servicenow", secrets={"client_secret": "wrong"},
        properties={"client_id": "nonsense", "grant_type": "client_credentials", "instance_url": ""},
    )  # fmt: skip
    page = press(console, account, "test_connection").content.decode()
    assert "Authentication" in page and "Wrong credentials" in page
    account.refresh_from_db()
    assert account.health != "ok"


@pytest.mark.django_db(transaction=True)
def test_limits_are_shown_as_bars(simulated):
    console = Client()
    console.force_login(AdminFactory(username="admin"))
    account = AccountFactory(
        name="Salesforce", provider="salesforce", secrets={"consumer_secret": "demo-salesforce-consumer-secret"},
        properties={"consumer_key": "demo-salesforce-consumer-key-3MVG9", "grant_type": "client_credentials"},
    )  # fmt: skip
    page = press(console, account, "check_limits").content.decode()
    assert "Single email: 92% used" in page and page.count("<meter ") == 14
    assert 'max="5000" low="4000" high="4750" optimum="0" value="4600"' in page
