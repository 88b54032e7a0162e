"""Every page of the admin in a real browser, in both colours: nothing on the console, nothing that the policy blocks,
no serious fault of accessibility, nothing that sticks out on a narrow screen, and everything by keyboard."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from integrations.diagnosis import check_runs

from .conftest import account_url
from .test_screens import pages

SERIOUS = {"serious", "critical"}
PARTS = 3  # so that several browsers share the many pages
NOTE_VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
"""


def open_context(browser: Browser, live_server: Any, client: Client, **options: Any) -> BrowserContext:
    """A browser window that is logged in and writes down what goes wrong."""
    context = browser.new_context(base_url=live_server.url, **options)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    context.add_init_script(NOTE_VIOLATIONS)
    return context


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    page, complaints = context.new_page(), []
    page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(f"{page.url}: {m.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    return page, complaints


def faults(page: Page, *rules: str) -> list[str]:
    """Serious faults of the page, by all of axe's rules or only by some."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {v['id']} {node['target']}" for v in violations if v["impact"] in SERIOUS for node in v["nodes"]
    ]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_page_is_clean_and_accessible(
    browser: Browser, live_server: Any, signed_in: Client, world: Any, mode: str, part: int
):
    context = open_context(browser, live_server, signed_in, color_scheme=mode, viewport={"width": 1280, "height": 900})
    page, complaints = watched(context)
    more = [
        "/admin/integrations/integrationaccount/add/",
        "/admin/integrations/integrationaccount/add/?provider=servicenow",
        account_url(world.orphan),
        account_url(world.account, "delete/"),
        account_url(world.account, "action/test_connection/"),
        account_url(world.account, "agents/"),
        account_url(world.account, "presence/"),
        account_url(world.account, "presence/rules/add/in/"),
        account_url(world.account, f"agents/{world.objects['contactcenter/agent'].pk}/"),
        f"/admin/contactcenter/outboxentry/{world.entry.pk}/decide/drop/",
        "/admin/contactcenter/service/add/",
        "/admin/contactcenter/report/add/?preset=eleveo",
        *(
            f"/admin/contactcenter/reporttarget/add/?report={world.objects['contactcenter/report'].pk}&kind={kind}"
            for kind in ("sftp", "ftp", "ftps", "s3", "email", "folder", "put")
        ),
        "/admin/contactcenter/apitoken/add/",
        "/admin/auth/user/add/",
        "/admin/contactcenter/interaction/?q=nobody",
        f"/admin/contactcenter/scenario/{world.scenario.pk}/block/note/",
    ]
    found = []
    for url in list(dict.fromkeys([*pages(world), *more]))[part::PARTS]:
        page.goto(url)
        # Only colours differ in the dark.
        found += faults(page) if mode == "light" else faults(page, "color-contrast")
        complaints += [f"{url}: {violation}" for violation in page.evaluate("window.violations")]
    context.close()
    assert not complaints
    assert not found


@pytest.mark.parametrize("width", [300, 768, 1440])
def test_no_page_sticks_out_sideways(browser: Browser, live_server: Any, signed_in: Client, world: Any, width: int):
    context = open_context(browser, live_server, signed_in, viewport={"width": width, "height": 800})
    page, _complaints = watched(context)
    wide = []
    for url in pages(world):
        page.goto(url)
        too_much = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if too_much > 0:
            wide.append(f"{url}: {too_much} px")
    context.close()
    assert not wide


def test_the_log_in_page_works_and_refuses_in_words(
    browser: Browser, live_server: Any, admin: Any, transactional_db: None
):
    context = browser.new_context(base_url=live_server.url)
    page, complaints = watched(context)
    page.goto("/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    assert not faults(page)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    context.close()
    assert not complaints


@pytest.fixture
def desk(browser: Browser, live_server: Any, signed_in: Client, world: Any) -> Any:
    """A page at the size of a desk, whose console must stay empty."""
    context = open_context(browser, live_server, signed_in, viewport={"width": 1280, "height": 900})
    page, complaints = watched(context)
    yield page
    violations = page.evaluate("window.violations")
    context.close()
    assert not complaints
    assert not violations


def test_a_button_opens_a_dialog_by_keyboard_and_gives_the_focus_back(desk: Page, world: Any):
    desk.goto(account_url(world.account))
    button = desk.get_by_role("button", name="Test connection")
    button.focus()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog.locator(".verdict-title")).to_be_visible()
    expect(dialog.locator(".stepper")).to_be_visible()
    assert not faults(desk)
    with desk.expect_navigation():  # the page shows the new health and wire log
        desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_dialog_says_that_unsaved_values_are_not_used(desk: Page, world: Any):
    desk.goto(account_url(world.account))
    desk.get_by_label("Client ID").fill("another")
    expect(desk.get_by_text("Not saved yet")).to_be_visible()
    desk.get_by_role("button", name="Test connection").click()
    expect(desk.get_by_text("This uses the values that are stored")).to_be_visible()
    expect(desk.locator(".verdict-title")).to_be_visible()
    desk.get_by_role("dialog").get_by_label("Close").first.click()
    expect(desk.get_by_label("Client ID")).to_have_value("another")


def test_an_action_that_changes_something_asks_in_the_dialog_first(desk: Page, world: Any):
    desk.goto(account_url(world.account))
    opener = desk.get_by_role("link", name="Forget tokens")
    opener.click()
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Forget tokens")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    world.account.token.refresh_from_db()
    assert world.account.token.access


def test_without_scripts_a_button_is_a_page_of_its_own(
    browser: Browser, live_server: Any, signed_in: Client, world: Any
):
    context = open_context(browser, live_server, signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto(account_url(world.account))
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator(".verdict-title")).to_be_visible()
    page.get_by_role("link", name="Back to the account").click()
    page.get_by_label("Name", exact=True).fill("Renamed")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("“Renamed” is saved.")).to_be_visible()
    context.close()


def test_filters_open_choose_and_close_by_keyboard(desk: Page, world: Any):
    desk.goto("/admin/integrations/integrationaccount/")
    summary = desk.locator("details.filter summary").filter(has_text="Health")
    summary.focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("link", name="Failing")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("link", name="Failing")).to_be_hidden()
    expect(summary).to_be_focused()
    desk.keyboard.press("Enter")
    desk.get_by_role("link", name="Failing").press("Enter")
    expect(desk.get_by_text("Old thing")).to_be_hidden()
    desk.get_by_role("link", name="Show everything").click()
    expect(desk.get_by_text("Old thing")).to_be_visible()


def test_on_a_narrow_screen_the_menu_opens_and_closes(
    browser: Browser, live_server: Any, signed_in: Client, world: Any
):
    context = open_context(browser, live_server, signed_in, viewport={"width": 300, "height": 800})
    page, complaints = watched(context)
    page.goto("/admin/")
    menu = page.get_by_role("navigation", name="Screens")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    context.close()
    assert not complaints


def test_the_colours_can_be_switched_and_stay(desk: Page, world: Any):
    desk.goto("/admin/")
    toggle = desk.get_by_role("button", name="Change")
    toggle.click()
    assert desk.evaluate("document.documentElement.dataset.theme") == "dark"
    desk.goto("/admin/integrations/integrationaccount/")
    assert desk.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_rows_are_ticked_and_counted_before_a_decision(desk: Page, world: Any):
    desk.goto("/admin/contactcenter/outboxentry/")
    drop = desk.get_by_role("button", name="Drop")
    expect(drop).to_be_disabled()
    desk.locator("#action-toggle").check()
    expect(desk.get_by_text("1 selected")).to_be_visible()
    drop.click()
    expect(desk.get_by_role("heading", name="Give these entries up?")).to_be_visible()


def test_a_row_is_added_to_a_service(desk: Page, world: Any):
    service = world.objects["contactcenter/service"]
    desk.goto(f"/admin/contactcenter/service/{service.pk}/change/")
    desk.get_by_role("button", name="Add another Number").or_(
        desk.get_by_role("link", name="Add another Number")
    ).click()
    desk.locator("#id_numbers-1-number").fill("+1 415 555 0177")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("+1 415-555-0177")).to_be_visible()


def test_a_table_of_properties_gets_lines_as_needed_and_offers_our_names(desk: Page, world: Any):
    """The guide on field and skills mappings: click add. Three empty lines are there without a script."""
    desk.goto("/admin/integrations/integrationaccount/add/?provider=loxysoft")
    codes = desk.locator("[name=skills_mapping-code]")
    expect(codes).to_have_count(3)
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(codes).to_have_count(4)
    expect(desk.get_by_label("Service 4")).to_be_focused()
    offered = desk.locator("#known-service option").evaluate_all("options => options.map(option => option.value)")
    assert world.objects["contactcenter/service"].name in offered
    desk.get_by_label("Name").first.fill("Lox")
    desk.get_by_label("Simulated").check()
    desk.locator("[name=token]").fill("demo-loxysoft-token")
    desk.get_by_label("Service 4").fill(offered[0])
    desk.get_by_label("Code 4").fill("CS1")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_label("Service 1")).to_have_value(offered[0])


def test_a_check_of_accounts_is_followed_live_and_survives_a_reload(desk: Page, world: Any):
    desk.goto("/admin/integrations/integrationaccount/")
    desk.get_by_role("button", name="Check all").click()
    expect(desk.get_by_text("0 of 2 accounts tested")).to_be_visible()
    desk.get_by_text("Waiting", exact=False).first.click()
    expect(desk.get_by_role("link", name="Old thing")).to_be_visible()
    desk.reload()
    expect(desk.get_by_text("0 of 2 accounts tested")).to_be_visible()
    assert not faults(desk)
    assert check_runs.work() == 2
    expect(desk.get_by_text("2 of 2 accounts tested, 2 fail")).to_be_visible(timeout=10_000)
    expect(desk.locator("[data-live]")).to_have_count(0)
    assert not faults(desk)
