"""The scenario editor in a real browser: by mouse, by keyboard alone, with two people, with a hundred blocks."""

import copy
import json
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from contactcenter.models import Scenario
from contactcenter.scenarios.definition import problems
from tests.servers import wait_for

from .conftest import DEFINITION
from .test_pages import faults, open_context, watched

WIDE = {"width": 1440, "height": 900}
# The layout and one drawing of a hundred blocks; the measured times are about a tenth of these.
MOST_LAYOUT_MS, MOST_DRAWING_MS = 500, 1500


@pytest.fixture
def scenario(transactional_db: None) -> Scenario:
    return Scenario.objects.create(name="Inbound", definition=copy.deepcopy(DEFINITION))


@pytest.fixture
def empty(transactional_db: None) -> Scenario:
    return Scenario.objects.create(name="From nothing")


@pytest.fixture
def window(browser: Browser, live_server: Any, signed_in: Client) -> Any:
    """A page of a logged-in administrator on which nothing may go wrong."""
    context = open_context(browser, live_server, signed_in, viewport=WIDE, reduced_motion="reduce")
    page, complaints = watched(context)
    yield page
    violations = page.evaluate("window.violations")
    context.close()
    assert not [words for words in complaints if "409" not in words and "400" not in words]
    assert not violations


def open_editor(page: Page, scenario: Scenario) -> None:
    page.goto(f"/admin/contactcenter/scenario/{scenario.pk}/change/")
    page.wait_for_selector("[data-ready]")


def card(page: Page, title: str) -> Any:
    return page.locator(".node", has=page.locator(".node-title", has_text=title)).locator(".node-main")


def field(page: Page, name: str) -> Any:
    return page.locator(f'[name="settings-{name}"]')


def saved(page: Page, scenario: Scenario) -> dict[str, Any]:
    expect(page.locator(".editor-bar .unsaved")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator(".editor-bar .unsaved")).to_be_hidden()
    scenario.refresh_from_db()
    return {block["key"]: block for block in scenario.definition["blocks"]}


def choose(page: Page, words: str) -> None:
    page.get_by_role("combobox", name="Search kinds of blocks").fill(words)
    page.keyboard.press("Enter")


def test_a_scenario_is_built_from_nothing_by_mouse(window: Page, empty: Scenario):
    open_editor(window, empty)
    window.get_by_role("button", name="Add the first block").click()
    window.get_by_role("option", name="Find Agent").click()
    window.get_by_role("button", name="Add block", exact=True).click()
    window.get_by_role("option", name="Connect Call").click()
    window.get_by_label("Title").fill("Put them through")
    # Pulled onto the ground, an exit asks for a new block.
    port = window.locator(".node[data-key=connect_call] .port[data-exit=answered]")
    pull(window, port, to=(700, 740))
    choose(window, "log")
    field(window, "message").fill("Answered by ")
    field(window, "message").press("End")
    window.get_by_role("button", name="Insert a value into Message").click()
    window.get_by_role("option", name="$(user.loginId)").click()
    expect(field(window, "message")).to_have_value("Answered by $(user.loginId)")
    # Pulled onto a card, it leads there.
    pull(window, window.locator(".node[data-key=find_agent] .port[data-exit=no_agent]"), onto=card(window, "Log"))
    blocks = saved(window, empty)
    assert blocks["find_agent"]["exits"] == {"next": "connect_call", "no_agent": "log"}
    assert blocks["connect_call"]["title"] == "Put them through"
    assert blocks["connect_call"]["exits"] == {"answered": "log"}
    assert blocks["log"]["settings"] == {"message": "Answered by $(user.loginId)"}
    assert problems(empty.definition) == []
    window.get_by_role("button", name="Publish", exact=True).click()
    window.get_by_role("dialog").get_by_label("Note").fill("By mouse")
    window.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(window.get_by_text("Version 1 runs from now on.")).to_be_visible()
    assert empty.versions.get().note == "By mouse"


def place(thing: Any) -> dict[str, float]:
    """Where it is drawn. While the editor draws everything anew, it is nowhere for a moment."""
    found: dict[str, float] = {}

    def seen() -> bool:
        try:
            thing.scroll_into_view_if_needed(timeout=1000)
        except PlaywrightError:
            return False
        found.update(thing.bounding_box() or {})
        return bool(found)

    wait_for("being drawn", seen)
    return found


def pull(page: Page, port: Any, *, to: tuple[int, int] | None = None, onto: Any = None) -> None:
    if onto is not None:
        target = place(onto)
        to = (target["x"] + target["width"] / 2, target["y"] + 30)
    assert to is not None
    box = place(port)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*to, steps=4)
    page.mouse.up()


def test_a_scenario_is_built_from_nothing_by_keyboard_alone(window: Page, empty: Scenario):
    open_editor(window, empty)
    first = window.get_by_role("button", name="Add the first block")
    for _ in range(80):
        if first.evaluate("element => element === document.activeElement"):
            break
        window.keyboard.press("Tab")
    window.keyboard.press("Enter")
    choose(window, "find agent")
    expect(card(window, "Find Agent")).to_be_focused()
    window.keyboard.press("a")
    choose(window, "connect call")
    expect(card(window, "Connect Call")).to_be_focused()
    window.keyboard.press("Enter")
    expect(window.get_by_label("Title")).to_be_focused()
    window.keyboard.press("Control+a")
    window.keyboard.type("Put them through")
    window.keyboard.press("Escape")
    expect(card(window, "Put them through")).to_be_focused()
    window.keyboard.press("ArrowUp")
    expect(card(window, "Find Agent")).to_be_focused()
    window.keyboard.press("d")
    expect(card(window, "Find Agent (copy)")).to_be_focused()
    window.keyboard.press("Delete")
    expect(card(window, "Find Agent (copy)")).to_have_count(0)
    card(window, "Find Agent").focus()
    window.keyboard.press("e")
    expect(window.get_by_label("Agent found", exact=True)).to_be_focused()
    window.keyboard.press("Tab")  # over the button beside the exit
    window.keyboard.press("Tab")
    expect(window.get_by_label("Nobody is ready", exact=True)).to_be_focused()
    window.keyboard.press("2")  # the second block in the list
    blocks = saved(window, empty)
    assert set(blocks) == {"find_agent", "connect_call"}
    assert blocks["find_agent"]["exits"]["no_agent"] == "connect_call"
    assert problems(empty.definition) == []


def test_what_was_done_is_undone_and_done_again(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    card(window, "Note the call").focus()
    window.keyboard.press("Delete")
    expect(card(window, "Note the call")).to_have_count(0)
    expect(window.locator(".editor-bar .unsaved")).to_be_visible()
    window.keyboard.press("Control+z")
    expect(card(window, "Note the call")).to_be_visible()
    expect(window.locator(".editor-bar .unsaved")).to_be_hidden()
    window.keyboard.press("Control+Shift+z")
    expect(card(window, "Note the call")).to_have_count(0)
    window.get_by_role("button", name="Undo").click()
    expect(card(window, "Note the call")).to_be_visible()


def test_a_block_is_put_into_a_line_and_taken_out_of_it_again(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    window.locator(".line-plus[data-key=note]").click()
    choose(window, "set variable")
    field(window, "name").fill("seen")
    blocks = saved(window, scenario)
    assert blocks["note"]["exits"]["next"] == "set_variable" and blocks["set_variable"]["exits"] == {"next": "wait"}
    window.get_by_role("button", name="Remove").click()
    assert saved(window, scenario)["note"]["exits"]["next"] == "wait"


def test_mistakes_are_shown_on_the_field_and_in_the_list_and_are_kept(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    window.locator(".line-plus[data-key=note]").click()
    choose(window, "set variable")
    field(window, "name").fill("item.mine")
    row = window.locator(".form-row.field-name")
    expect(row.locator(".errorlist")).to_contain_text("read-only")
    expect(field(window, "name")).to_have_attribute("aria-invalid", "true")
    expect(window.get_by_text("1 problem", exact=True).first).to_be_visible()
    assert saved(window, scenario)["set_variable"]["settings"]["name"] == "item.mine"
    window.get_by_role("button", name="Publish", exact=True).click()
    expect(window.get_by_role("dialog")).to_contain_text("cannot be published yet")
    assert not faults(window)
    window.keyboard.press("Escape")
    window.reload()
    window.wait_for_selector("[data-ready]")
    window.locator(".findings summary").click()
    window.locator(".findings-menu").get_by_role("button").click()
    field(window, "name").fill("mine")
    expect(window.locator(".findings summary")).to_contain_text("No problems")
    assert problems(json.loads(json.dumps(saved(window, scenario) and scenario.definition))) == []


def test_two_people_at_once_lose_nothing(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    card(window, "Note the call").click()
    window.get_by_label("Title").fill("Mine")
    theirs = copy.deepcopy(DEFINITION)
    theirs["blocks"][1]["title"] = "Theirs"
    scenario.definition = theirs
    scenario.save()
    window.keyboard.press("Control+s")
    dialog = window.get_by_role("dialog")
    expect(dialog).to_contain_text("both can be brought together")
    expect(dialog).to_contain_text("Note the call")
    assert not faults(window)
    dialog.get_by_role("button", name="Bring both together").click()
    expect(window.locator(".editor-said")).to_contain_text("Saved")
    scenario.refresh_from_db()
    assert [block["title"] for block in scenario.definition["blocks"]] == ["Mine", "Theirs"]


def test_a_closed_window_loses_no_change(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    card(window, "Note the call").click()
    window.get_by_label("Title").fill("Not saved")
    window.on("dialog", lambda dialog: dialog.accept())
    window.wait_for_timeout(1000)  # a change is kept half a second after it was made
    open_editor(window, scenario)
    expect(card(window, "Note the call")).to_be_visible()
    window.get_by_role("button", name="Take them up again").click()
    expect(card(window, "Not saved")).to_be_visible()
    assert saved(window, scenario)["note"]["title"] == "Not saved"
    open_editor(window, scenario)
    expect(window.get_by_role("button", name="Take them up again")).to_have_count(0)


def test_text_is_taken_over_or_refused_in_words(window: Page, scenario: Scenario):
    open_editor(window, scenario)
    window.locator(".editor-more summary").click()
    window.get_by_role("button", name="Edit as text").click()
    area = window.get_by_label("Definition as text")
    area.fill('{"start": 1}')
    window.get_by_role("button", name="Take this over").click()
    expect(window.get_by_role("alert")).to_contain_text("list")
    area.fill(json.dumps({"start": "a", "blocks": [{"key": "a", "kind": "log", "title": "Typed"}]}))
    window.get_by_role("button", name="Take this over").click()
    expect(card(window, "Typed")).to_be_visible()


def hundred() -> dict[str, Any]:
    """Twenty-five look-ups one after the other, each with an If, a variable and a log, and a way back to the start."""
    blocks = []
    for n in range(25):
        onward = f"s{(n + 1) % 25}"
        blocks += [
            {"key": f"s{n}", "kind": "servicenow_search", "title": f"Look up {n}",
             "settings": {"object_type": "incident", "recordset": f"r{n}", "query": "active=true"},
             "exits": {"next": f"if{n}", "no_data": onward, "failed": f"l{n}"}},
            {"key": f"if{n}", "kind": "if", "title": f"Anything {n}", "settings": {"left": f"$(r{n}.__count__)"},
             "exits": {"yes": f"v{n}", "no": onward}},
            {"key": f"v{n}", "kind": "set_variable", "title": f"Remember {n}", "settings": {"name": f"v{n}"},
             "exits": {"next": onward}},
            {"key": f"l{n}", "kind": "log", "title": f"Log {n}", "settings": {}, "exits": {"next": onward}},
        ]  # fmt: skip
    return {"start": "s0", "blocks": blocks}


MEASURE = """async () => {
  const load = (name) => import(`/static/contactcenter/editor/${name}.js`);
  const [model, { layout }, { sizeOf }] = await Promise.all([load("model"), load("layout"), load("cards")]);
  const data = JSON.parse(document.getElementById("scenario-data").textContent);
  const kinds = model.kindsOf(data.catalogue);
  const nodes = data.definition.blocks.map((block) => ({ key: block.key, ...sizeOf(block, kinds) }));
  const began = performance.now();
  const drawing = layout(nodes, model.linesOf(data.definition, kinds), data.definition.start);
  const took = performance.now() - began;
  const boxes = nodes.map((node) => ({ ...drawing.places.get(node.key), width: node.width, height: node.height }));
  const overlaps = boxes.filter((a, i) => boxes.some((b, j) => i < j && a.x < b.x + b.width && b.x < a.x + a.width
    && a.y < b.y + b.height && b.y < a.y + a.height)).length;
  const searches = [...drawing.places].filter(([key]) => key.startsWith("s")).map(([, at]) => at.x);
  return { took, overlaps, wander: Math.max(...searches) - Math.min(...searches) };
}"""
REDRAW = """async () => {
  const began = performance.now();
  document.querySelector(".node[data-key=s3] .node-main").click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""


def test_a_hundred_blocks_stay_quick_and_readable(window: Page, transactional_db: None):
    scenario = Scenario.objects.create(name="Hundred", definition=hundred())
    open_editor(window, scenario)
    expect(window.locator(".node")).to_have_count(100)
    measured = window.evaluate(MEASURE)
    assert measured["overlaps"] == 0
    assert measured["wander"] < 300  # the main line goes down, not sideways
    drawing = window.evaluate(REDRAW)
    print(f"layout {measured['took']:.0f} ms, choosing a block redraws in {drawing:.0f} ms")
    assert measured["took"] < MOST_LAYOUT_MS and drawing < MOST_DRAWING_MS
    expect(card(window, "Look up 3")).to_be_visible()
    assert window.evaluate("document.querySelector('.node-title').getBoundingClientRect().height") > 10
    card(window, "Look up 3").focus()
    window.keyboard.press("/")
    window.get_by_role("combobox", name="Title or kind").fill("Remember 17")
    window.keyboard.press("Enter")
    expect(card(window, "Remember 17")).to_be_focused()
    expect(card(window, "Remember 17")).to_be_in_viewport()
    window.keyboard.press("f")
    expect(window.locator(".canvas")).to_have_class("canvas is-far")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_editor_is_accessible_in_every_view(
    browser: Browser,
    live_server: Any,
    signed_in: Client,
    scenario: Scenario,
    mode: str,
):
    scenario.publish()
    scenario.definition["blocks"].append({"key": "lost", "kind": "servicenow_search", "title": "Lost"})
    scenario.save()
    context = open_context(browser, live_server, signed_in, viewport=WIDE, color_scheme=mode, reduced_motion="reduce")
    page, complaints = watched(context)
    open_editor(page, scenario)
    expect(page.locator(".has-bad")).to_have_count(1)
    found = faults(page)
    card(page, "Lost").click()
    expect(page.get_by_label("Recordset name")).to_be_visible()
    found += faults(page)
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.locator(".outline-item")).to_have_count(3)
    found += faults(page)
    page.locator("[data-tool=add]").click()
    found += faults(page)
    page.keyboard.press("Escape")
    base = f"/admin/contactcenter/scenario/{scenario.pk}"
    for url in (f"{base}/versions/", f"{base}/versions/1/", f"{base}/versions/compare/", f"{base}/versions/1/back/",
                "/admin/contactcenter/scenario/import/", "/admin/contactcenter/scenario/add/"):  # fmt: skip
        page.goto(url)
        found += faults(page)
    context.close()
    assert not found
    assert not complaints


def test_on_a_narrow_screen_the_list_does_everything(
    browser: Browser,
    live_server: Any,
    signed_in: Client,
    scenario: Scenario,
):
    context = open_context(browser, live_server, signed_in, viewport={"width": 300, "height": 800})
    page, complaints = watched(context)
    open_editor(page, scenario)
    expect(page.locator(".canvas")).to_be_hidden()
    page.get_by_role("button", name="Add a block at Next of Note the call").click()
    choose(page, "set variable")
    field(page, "name").fill("seen")
    too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(too_wide) <= 0
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".outline-item")).to_have_count(3)
    assert page.evaluate(too_wide) <= 0
    assert not faults(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".editor-said")).to_contain_text("Saved")
    context.close()
    scenario.refresh_from_db()
    assert len(scenario.definition["blocks"]) == 3
    assert not complaints


def test_without_scripts_the_cards_and_the_text_are_there(
    browser: Browser,
    live_server: Any,
    signed_in: Client,
    scenario: Scenario,
):
    context = open_context(browser, live_server, signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/admin/contactcenter/scenario/{scenario.pk}/change/")
    expect(page.locator(".flow .block")).to_have_count(2)
    page.locator("summary", has_text="Edit as text").click()
    expect(page.get_by_label("Definition")).to_be_visible()
    context.close()
