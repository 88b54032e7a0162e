"""Every screen opens, for those who may see it, and looks like one product."""

import re

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from contactcenter.admin.groups import SUPERVISORS, ensure_supervisors
from contactcenter.admin.navigation import GROUPS
from integrations.admin.screens import Screen
from integrations.diagnosis import check_runs
from tests.factories import AgentFactory, UserFactory


def pages(world) -> list[str]:
    found = ["/admin/", "/admin/password_change/", "/admin/integrations/", "/admin/auditlog/logentry/"]
    for name, thing in world.objects.items():
        app_model = name.replace("/", "_")
        found.append(reverse(f"admin:{app_model}_change", args=[thing.pk]))
        found.append(reverse(f"admin:{app_model}_changelist"))
        found.append(reverse(f"admin:{app_model}_history", args=[thing.pk]))
    call = world.objects["integrations/apicall"]
    run = check_runs.ask([world.account], "admin")
    report = world.objects["contactcenter/report"]
    return [
        *found,
        reverse("admin:contactcenter_report_runs", args=[report.pk]),
        reverse("admin:contactcenter_reporttarget_change", args=[report.targets.get().pk]),
        reverse("admin:integrations_apicall_compare", args=[call.pk]),
        reverse("admin:integrations_apicall_replay", args=[call.pk]),
        reverse("admin:integrations_integrationaccount_check_run", args=[run.pk]),
        reverse("admin:integrations_integrationaccount_feed", args=[world.account.pk]),
    ]


def test_every_page_opens_under_a_strict_policy(console, world):
    for url in pages(world):
        answer = console.get(url, follow=True)
        assert answer.status_code == 200, url
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'self'" in policy, url
        text = answer.content.decode()
        assert " style=" not in text and "<style" not in text and " onclick=" not in text, url
        assert "{%" not in text and "{{" not in text, url


def test_what_can_be_added_has_a_form(console, world):
    for model in ("service", "scenario", "disposition", "agent", "team", "notreadyreason", "apitoken", "contact"):
        assert console.get(reverse(f"admin:contactcenter_{model}_add")).status_code == 200, model
    assert console.get(reverse("admin:auth_user_add")).status_code == 200


def test_every_screen_is_of_our_kind_and_in_the_navigation():
    listed = {entry.model for group in GROUPS for entry in group.entries}
    registered = {
        f"{model._meta.app_label}.{model._meta.object_name}": screen for model, screen in admin.site._registry.items()
    }
    # Where a report goes is reached from its report.
    assert set(registered) - {"contactcenter.ReportTarget"} == listed
    assert all(isinstance(screen, Screen) for screen in registered.values())


def test_the_first_page_says_what_needs_attention_first(console, world):
    page = console.get("/admin/").content.decode()
    assert page.index("Needs attention") < page.index("All screens")
    assert "may not read" in page
    assert "1 entry of the outbox needs a decision" in page


def test_the_first_page_is_calm_when_nothing_is_wrong(console):
    from contactcenter.models import Heartbeat

    Heartbeat.leave("scheduler")
    assert "Nothing. Every account" in console.get("/admin/").content.decode()


def test_the_first_page_costs_few_queries(console, world, django_assert_max_num_queries):
    console.get("/admin/")
    with django_assert_max_num_queries(14):
        console.get("/admin/")


# -- who may see what


@pytest.fixture
def supervisor(client: Client, db) -> Client:
    user = UserFactory(username="supervisor", is_staff=True)
    user.groups.add(ensure_supervisors())
    client.force_login(user)
    return client


def test_a_supervisor_sees_what_happens_and_changes_nothing(supervisor, world):
    for name, thing in world.objects.items():
        if name in ("contactcenter/apitoken", "contactcenter/contactcenter", "auth/user"):
            assert supervisor.get(f"/admin/{name}/{thing.pk}/change/").status_code == 403, name
            continue
        assert supervisor.get(f"/admin/{name}/").status_code == 200, name
        page = supervisor.get(f"/admin/{name}/{thing.pk}/change/")
        assert page.status_code == 200, name
        assert 'name="_save"' not in page.content.decode(), name
        assert supervisor.post(f"/admin/{name}/{thing.pk}/delete/", {"post": "yes"}).status_code == 403, name
    assert supervisor.get("/admin/integrations/integrationaccount/add/").status_code == 403
    assert supervisor.get("/admin/").status_code == 200


def test_the_group_of_supervisors_is_made_with_the_tables(db):
    from contactcenter.apps import make_supervisors

    make_supervisors()
    group = ensure_supervisors()
    assert group.name == SUPERVISORS
    further = group.permissions.exclude(codename__startswith="view_").values_list("codename", flat=True)
    assert list(further) == ["listen_callrecording"]
    assert group.permissions.count() >= 20


def test_agents_have_no_way_into_the_admin(client, db):
    client.force_login(AgentFactory(login="agent1").user)
    answer = client.get("/admin/integrations/integrationaccount/")
    assert answer.status_code == 302 and "/admin/login/" in answer.url
    assert "may not use this page" in client.get(answer.url).content.decode()


def test_the_first_address_leads_everybody_to_their_place(client, console, db):
    assert console.get("/").url == "/admin/"
    assert Client().get("/").url == "/agentdesktop/"


def test_the_page_speaks_the_language_of_the_browser(console):
    assert 'lang="ja"' in console.get("/admin/", headers={"Accept-Language": "ja"}).content.decode()
    assert 'lang="en"' in console.get("/admin/", headers={"Accept-Language": "en"}).content.decode()


def test_in_japanese_titles_states_and_times_are_japanese(console, world):
    page = console.get("/admin/integrations/integrationaccount/", headers={"Accept-Language": "ja"}).content.decode()
    for words in ("連携アカウント", "異常", "既定", "すべて", "年"):
        assert words in page
    assert "Working" not in page and "Add integration account" not in page


def test_every_sentence_of_the_catalogue_keeps_its_placeholders():
    catalogue = settings.BASE_DIR / "integrations/locale/ja/LC_MESSAGES/django.po"
    entry = re.compile(r'msgid "(.+)"\n(?:msgid_plural "(.*)"\n)?msgstr(?:\[0\])? "(.*)"')
    found = entry.findall(catalogue.read_text(encoding="utf-8"))
    assert len(found) > 400
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd]")
    for english, plural, japanese in found:
        assert japanese, english
        assert sorted(placeholder.findall(plural or english)) == sorted(placeholder.findall(japanese)), english
