"""Single sign-on in a real browser: alone, inside ServiceNow, and at the administration."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.end_to_end.test_story import PATIENCE, open_phone
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.processes]
BUTTON = "Log in with single sign-on"


def choose(page: Page, who: str) -> None:
    page.get_by_role("button", name=who).click()


def sign_on(page: Page, who: str) -> None:
    page.get_by_role("link", name=BUTTON).click()
    choose(page, who)


def set_provisioning(page: Page, stack: Stack, account: str, *, on: bool) -> None:
    """On the account's page, as the administrator who logs in with the local password."""
    page.goto(f"{stack.url}/admin/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{stack.url}/admin/integrations/integrationaccount/")
    page.get_by_role("link", name=account).click()
    page.get_by_label("Enable Just-in-time user provisioning").set_checked(on)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"“{account}” is saved.")).to_be_visible()
    page.context.clear_cookies()


def test_agents_log_in_alone_and_inside_another_page(embedded: Stack, page: Page, context: BrowserContext) -> None:
    stack = embedded
    page.goto(f"{stack.url}/agentdesktop/login/")
    sign_on(page, "Ava Martin")
    expect(page.get_by_text("You are not ready.")).to_be_visible(timeout=PATIENCE)
    assert page.url == f"{stack.url}/agentdesktop/"

    # Inside ServiceNow the identity provider gets a window of its own, and the frame goes on afterwards.
    desktop = open_phone(page, stack)
    with page.expect_popup() as opened:
        desktop.get_by_role("link", name=BUTTON).click()
    choose(opened.value, "Ben Clarke")
    expect(desktop.get_by_text("You are not ready.")).to_be_visible(timeout=PATIENCE)
    expect(desktop.get_by_text("Activity history is off.")).to_have_count(0)
    assert opened.value.is_closed()


def test_a_window_that_was_cut_off_becomes_the_desktop(embedded: Stack, page: Page, context: BrowserContext) -> None:
    stack = embedded
    # What a browser leaves of the connection when a page on the way asks for it (Cross-Origin-Opener-Policy).
    context.add_init_script("window.opener = null")
    desktop = open_phone(page, stack)
    with context.expect_page() as opened:
        desktop.get_by_role("link", name=BUTTON).click()
    window = opened.value
    choose(window, "Ava Martin")
    window.get_by_role("button", name="Open the Agent Desktop here").click()
    expect(window.get_by_text("You are not ready.")).to_be_visible(timeout=PATIENCE)


def test_administrators_are_created_only_while_that_is_enabled(embedded: Stack, page: Page) -> None:
    stack, account = embedded, "Administrator SSO demo"
    set_provisioning(page, stack, account, on=False)
    page.goto(f"{stack.url}/admin/")
    sign_on(page, "Rita Rivera")
    expect(page.get_by_role("heading", name="You are not logged in")).to_be_visible()
    page.get_by_role("link", name="Back to the log-in page").click()
    expect(page).to_have_url(re.compile("/admin/login/"))

    set_provisioning(page, stack, account, on=True)
    page.goto(f"{stack.url}/admin/contactcenter/agent/")
    sign_on(page, "Rita Rivera")
    expect(page).to_have_url(f"{stack.url}/admin/contactcenter/agent/")
    expect(page.get_by_role("heading", name="Agents")).to_be_visible()

    # The session is of this door: the desktop asks for a log-in of its own.
    page.goto(f"{stack.url}/agentdesktop/")
    expect(page.get_by_role("link", name=BUTTON)).to_be_visible()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB"}
