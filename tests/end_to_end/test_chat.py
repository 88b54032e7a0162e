"""One chat, end to end: a customer at the simulated Telegram and an agent at the desktop, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from integrations.simulators.pages import STATIC
from tests.agentdesktop.conftest import NOTE_VIOLATIONS
from tests.agentdesktop.story import go_ready, log_in, pixels_beyond
from tests.stack import Stack

SIMULATOR = "/messenger_telegram"
PARCEL = STATIC / "sample.png"
SHOWN = ".thumb:not(.thumb-waits)"
PATIENCE = 15_000


@pytest.fixture
def desktop(embedded: Stack, page: Page) -> Iterator[Page]:
    """The desktop of agent1 at 300 pixels, ready. At the end nothing may have met an error or broken the policy."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.add_init_script(NOTE_VIOLATIONS)
    page.set_viewport_size({"width": 300, "height": 750})
    page.goto(f"{embedded.url}/agentdesktop/")
    log_in(page)
    go_ready(page)
    yield page
    assert faults == []
    assert page.evaluate("window.violations") == []


def lines(stack: Stack) -> list[dict[str, Any]]:
    """What the simulated Telegram shows, the newest first."""
    found: list[dict[str, Any]] = stack.sim(f"{SIMULATOR}/_board")["lines"]
    return found


def test_a_chat_from_the_first_words_to_the_end(embedded: Stack, desktop: Page) -> None:
    stack, page = embedded, desktop
    stack.manage("run_action", "Telegram demo", "set_the_webhook")
    customer = page.context.new_page()
    customer.goto(f"{stack.simulator_url}{SIMULATOR}/")

    customer.get_by_label("Text").fill("Hello, where is my parcel?")
    customer.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Hello, where is my parcel?")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Accept").click()
    suggestion = page.get_by_role("group", name="Suggested by the bot").get_by_role("button")
    suggested = suggestion.inner_text(timeout=PATIENCE)
    suggestion.click()
    expect(page.get_by_label("Your answer")).to_have_value(suggested)
    page.get_by_role("button", name="Send").click()
    expect(customer.get_by_role("cell", name=suggested)).to_be_visible(timeout=PATIENCE)

    customer.get_by_label("Picture or file").select_option("sample.png")
    customer.get_by_role("button", name="Send").click()
    expect(page.locator(SHOWN).get_by_role("img", name="Picture from the customer")).to_be_visible(timeout=PATIENCE)
    page.locator("input[type=file]").set_input_files(PARCEL)
    expect(page.get_by_role("group", name="Picture to send")).to_contain_text("10 kB")
    assert pixels_beyond(page) == []
    violations = Axe().run(page).response["violations"]
    assert [(each["id"], each["impact"]) for each in violations if each["impact"] in ("critical", "serious")] == []
    page.get_by_role("button", name="Send").click()
    expect(page.locator(SHOWN).get_by_role("img", name="Picture that you sent")).to_be_visible(timeout=PATIENCE)
    expect(customer.get_by_role("img", name="Picture for the customer")).to_be_visible(timeout=PATIENCE)
    arrived = requests.get(f"{stack.simulator_url}{SIMULATOR}/{lines(stack)[0]['image']}", timeout=5)
    assert arrived.content == Path(PARCEL).read_bytes()

    stack.sim(f"{SIMULATOR}/_faults", method="PUT", body={"fault": "missing_permission", "times": 1})
    page.get_by_label("Your answer").fill("A new one is on its way.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Send again").click()
    expect(customer.get_by_role("cell", name="A new one is on its way.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Not sent")).to_have_count(0)

    page.get_by_role("button", name="End chat").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible(timeout=PATIENCE)
    assert [line["text"] for line in lines(stack) if line["direction"] == "out"] == [
        "A new one is on its way.", "", suggested,
    ]  # fmt: skip
