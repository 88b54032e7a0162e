"""Open CTI of the simulated Salesforce: the page around the softphone and both libraries, with a small page of another
origin as the softphone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Frame, Page, expect

CHILD = Path(__file__).with_name("opencti_child.html")
LIBRARIES = {"lightning": "lightning/opencti_min.js", "classic": "interaction.js"}
PAGES = {"lightning": "/lightning/page/home", "classic": "/home/home.jsp"}
DON, BETH = "003Dm0000000001IAA", "003Dm0000000002IAA"

Opened = tuple[Page, Frame]
Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def softphone(address: str) -> Iterator[str]:
    """Serves the child page on its own port, that is, its own origin."""
    text = CHILD.read_text()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mode = "classic" if "mode=Classic" in self.path else "lightning"
            html = text.replace("LIBRARY", f"{address}/salesforce/support/api/60.0/{LIBRARIES[mode]}")
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/softphone"
    server.shutdown()


@pytest.fixture
def organisation(simulators: str, softphone: str) -> str:
    base = f"{simulators}/salesforce"
    settings(base, adapter_url=softphone)
    return base


def settings(base: str, **changes: Any) -> None:
    assert requests.put(f"{base}/_settings", json=changes, timeout=10).ok


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1300, "height": 850})
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(page: Page, organisation: str) -> Open:
    def open_page(mode: str = "lightning", query: str = "") -> Opened:
        page.goto(f"{organisation}{PAGES[mode]}{query}")
        return page, child(page)

    return open_page


def child(page: Page) -> Frame:
    for _ in range(80):
        found = next((frame for frame in page.frames if "/softphone" in frame.url), None)
        if found and found.locator("#state").count() and found.locator("#state").inner_text() == "ready":
            return found
        page.wait_for_timeout(100)
    raise AssertionError([frame.url for frame in page.frames])


def call(frame: Frame, method: str, **request: Any) -> dict[str, Any]:
    return dict(frame.evaluate("([method, request]) => window.call(method, request)", [method, request]))


def classic(frame: Frame, path: str, *values: Any) -> dict[str, Any]:
    """Without an error, none is in the answer."""
    told = frame.evaluate("([path, ...values]) => window.classic(path, ...values)", [path, *values])
    return {name: value for name, value in told.items() if value is not None}


def main_url(page: Page) -> str:
    frame = page.frame(name="main")
    assert frame
    return frame.url


def pop(frame: Frame, kind: str, **params: Any) -> dict[str, Any]:
    return dict(
        frame.evaluate(
            "([kind, params]) => window.call('screenPop', { type: sforce.opencti.SCREENPOP_TYPE[kind], params })",
            [kind, params],
        )
    )


# -- Lightning


@pytest.mark.parametrize(
    ("kind", "params", "shown"),
    [
        ("SOBJECT", {"recordId": DON}, f"/lightning/r/Contact/{DON}/view"),
        ("URL", {"url": f"/lightning/r/Contact/{BETH}/view"}, f"/lightning/r/Contact/{BETH}/view"),
        ("OBJECTHOME", {"scope": "Case"}, "/lightning/o/Case/list"),
        ("SEARCH", {"searchString": "Boxeo"}, "/cti/results?q=Boxeo"),
        (
            "NEW_RECORD_MODAL",
            {"entityName": "Case", "defaultFieldValues": {"Subject": "A, b"}},
            "/lightning/o/Case/new",
        ),
    ],
)
def test_each_screen_pop_opens_its_page(opened: Open, kind: str, params: dict[str, Any], shown: str) -> None:
    page, frame = opened()
    assert pop(frame, kind, **params) == {"success": True, "returnValue": None, "errors": None}
    page.frame(name="main").wait_for_url(f"**/salesforce{shown}*")  # type: ignore[union-attr]


def test_a_new_record_is_filled_with_the_given_values(opened: Open) -> None:
    page, frame = opened()
    pop(frame, "NEW_RECORD_MODAL", entityName="Case", defaultFieldValues={"Subject": "Call, from 1 & 2"})
    row = page.frame_locator("#main-frame").get_by_role("row", name="Subject")
    expect(row.get_by_role("cell")).to_have_text("Call, from 1 & 2")


@pytest.mark.parametrize(
    ("method", "request_", "description"),
    [
        ("screenPop", {"type": "sobject", "params": {"recordId": "no id"}}, "recordId: must be the id of a record."),
        ("screenPop", {"type": "url", "params": {"url": "https://evil.example/"}}, "url: must be relative"),
        ("screenPop", {"type": "search", "params": {"searchString": "ab"}}, "needs at least 3 characters"),
        ("screenPop", {"type": "window", "params": {}}, "is none of SCREENPOP_TYPE"),
        ("screenPop", {"params": {}}, "screenPop needs type."),
        ("searchAndScreenPop", {"searchParams": "x"}, "searchAndScreenPop needs callType."),
        ("setSoftphonePanelHeight", {"height": 300}, "knows no argument height."),
        ("setSoftphonePanelVisibility", {"visible": "yes"}, "visible: must be true or false."),
        ("saveLog", {"value": {"entityApiName": "Nonsense"}}, "No entity 'Nonsense'"),
        ("saveLog", {"value": {"entityApiName": "Task", "CallType": "Odd"}}, "bad value for restricted picklist"),
        ("runApex", {"apexClass": "Nobody", "methodName": "x"}, "There is no Apex method Nobody.x"),
        ("onClickToDial", {}, "listener: must be a function."),
    ],
)
def test_what_the_guide_does_not_know_is_refused_in_its_shape(
    opened: Open, method: str, request_: dict[str, Any], description: str
) -> None:
    page, frame = opened()
    if method == "onClickToDial":
        frame.evaluate("sforce.opencti.onClickToDial({})")
    else:
        answer = call(frame, method, **request_)
        assert (answer["success"], answer["returnValue"]) == (False, None)
        assert description in " ".join(each["description"] for each in answer["errors"])
    if not page.locator("#inspector").is_visible():
        page.click("#inspector-button")
    expect(page.locator("#inspector li").filter(has_text=description).first).to_be_attached()


def test_the_log_is_a_task_in_the_organisation_and_can_be_changed(opened: Open) -> None:
    page, frame = opened()
    value = {
        "entityApiName": "Task",
        "Subject": "Call",
        "CallType": "Inbound",
        "CallDurationInSeconds": 61,
        "WhoId": DON,
    }
    answer = call(frame, "saveLog", value=value)
    task = answer["returnValue"]["recordId"]
    assert task.startswith("00T")
    call(frame, "saveLog", value={"Id": task, "CallDisposition": "Resolved"})
    pop(frame, "SOBJECT", recordId=DON)
    row = page.frame_locator("#main-frame").locator("#activities tbody tr")
    expect(row).to_contain_text("Inbound, 61 s")
    expect(row).to_contain_text("Resolved")


@pytest.mark.parametrize(
    ("layout", "text", "found", "shown"),
    [
        ({}, "4155550132", 1, f"/lightning/r/Contact/{DON}/view"),
        ({"layout_one": "none"}, "4155550132", 1, "/lightning/o/Contact/list"),
        ({}, "Boxeo", 1, "/lightning/r/Account/001Dm0000000001IAA/view"),
        ({}, "Call 555", 0, "/lightning/o/Contact/list"),
        ({"layout_no_match": "Case"}, "4159999999", 0, "/lightning/o/Case/new"),
        ({}, "000", 0, "/lightning/o/Contact/list"),
        ({}, "33", 0, "/lightning/o/Contact/list"),
    ],
)
def test_a_search_pops_what_the_softphone_layout_says(
    opened: Open, organisation: str, layout: dict[str, str], text: str, found: int, shown: str
) -> None:
    settings(organisation, **layout)
    page, frame = opened()
    answer = call(frame, "searchAndScreenPop", searchParams=text, callType="inbound", queryParams="", deferred=False)
    assert answer["success"] and len(answer["returnValue"]) == found
    page.wait_for_timeout(300)
    assert f"/salesforce{shown}" in main_url(page)


def test_several_matches_lead_to_the_search_page_at_once_or_later(opened: Open) -> None:
    page, frame = opened()
    answer = call(frame, "searchAndScreenPop", searchParams="Lagerhaus", callType="inbound", deferred=True)
    later = answer["returnValue"].pop("SCREEN_POP_DATA")
    assert [row["RecordType"] for row in answer["returnValue"].values()] == ["Account"]
    assert "/lightning/o/Contact/list" in main_url(page)
    call(frame, "screenPop", **later)
    page.frame(name="main").wait_for_url("**/lightning/r/Account/*/view")  # type: ignore[union-attr]
    answer = call(frame, "searchAndScreenPop", searchParams="4990182010", callType="inbound")
    assert answer["returnValue"] == {}
    answer = call(frame, "searchAndScreenPop", searchParams="3090182010", callType="inbound")
    assert sorted(row["RecordType"] for row in answer["returnValue"].values()) == ["Contact", "Lead"]
    page.frame(name="main").wait_for_url("**/cti/results?q=3090182010")  # type: ignore[union-attr]


def test_a_clicked_number_arrives_with_its_record_once_dialling_is_enabled(opened: Open) -> None:
    page, frame = opened(query=f"?record={DON}")
    button = page.frame_locator("#main-frame").get_by_role("button", name="(415) 555-0132")
    button.click()
    expect(page.locator(".toast.error")).to_contain_text("has not enabled click-to-dial")
    call(frame, "enableClickToDial")
    frame.evaluate("sforce.opencti.onClickToDial({ listener: (payload) => window.heard.push(payload) })")
    page.wait_for_timeout(200)
    button.click()
    frame.wait_for_function("window.heard.length")
    assert frame.evaluate("window.heard[0]") == {
        "number": "(415) 555-0132", "recordId": DON, "recordName": "Don Goodliffe", "objectType": "Contact",
        "personAccount": False, "params": "", "contactId": DON,
    }  # fmt: skip


def test_another_record_and_a_closed_tab_are_told(opened: Open) -> None:
    page, frame = opened()
    frame.evaluate("sforce.opencti.onNavigationChange({ listener: (told) => window.heard.push(told) })")
    page.wait_for_timeout(200)
    page.get_by_role("button", name="Another record").click()
    frame.wait_for_function("window.heard.length === 1")
    told = frame.evaluate("window.heard[0]")
    assert (told["objectType"], told["recordName"]) == ("Contact", "Don Goodliffe")
    assert call(frame, "getAppViewInfo")["returnValue"] == told
    page.get_by_role("button", name="Close tab").click()
    frame.wait_for_function("window.heard.length === 2")
    assert "recordId" not in frame.evaluate("window.heard[1]")


def test_the_panel_follows_the_softphone(opened: Open) -> None:
    page, frame = opened()
    for method, request_ in (
        ("setSoftphonePanelWidth", {"widthPX": 500}), ("setSoftphonePanelHeight", {"heightPX": 400}),
        ("setSoftphonePanelLabel", {"label": "Busy"}), ("setSoftphoneItemLabel", {"label": "On a call"}),
        ("setSoftphonePanelIcon", {"key": "call"}), ("setSoftphoneItemIcon", {"key": "pause"}),
    ):  # fmt: skip
        assert call(frame, method, **request_)["success"]
    box = page.locator("#softphone").bounding_box()
    assert box and round(box["width"]) == 500
    expect(page.locator("#panel-label")).to_have_text("Busy")
    expect(page.locator("#utility-item")).to_contain_text("On a call")
    call(frame, "setSoftphonePanelVisibility", visible=False)
    expect(page.locator("#softphone")).to_be_hidden()
    assert call(frame, "isSoftphonePanelVisible")["returnValue"] == {"visible": False}
    page.locator("#utility-item").click()
    expect(page.locator("#softphone")).to_be_visible()


def test_settings_layout_apex_view_and_messages(opened: Open) -> None:
    _, frame = opened()
    assert call(frame, "getCallCenterSettings")["returnValue"]["/reqGeneralInfo/reqInternalName"] == "Demo"
    assert call(frame, "getSoftphoneLayout")["returnValue"]["Inbound"]["screenPopMultipleMatches"] == "search"
    answer = call(frame, "runApex", apexClass="Echo", methodName="say", methodParams="a=1")
    assert answer["returnValue"] == {"runApex": "a=1"}
    assert call(frame, "refreshView")["success"]
    frame.evaluate(
        "window.context = sforce.opencti.createMessageContext();"
        "sforce.opencti.subscribe(window.context, 'A__c', (message) => window.heard.push(message));"
        "sforce.opencti.publish(null, 'B__c', {other: 1}); sforce.opencti.publish(null, 'A__c', {text: 'hello'});"
    )
    frame.wait_for_function("window.heard.length === 1")
    assert frame.evaluate("window.heard") == [{"text": "hello"}]


# -- Classic


def test_classic_takes_values_in_a_row_and_answers_in_text(opened: Open) -> None:
    page, frame = opened("classic", f"?record={DON}")
    assert classic(frame, "cti.enableClickToDial") == {"result": True}
    assert frame.evaluate("typeof sforce.opencti") == "undefined"
    frame.evaluate("sforce.interaction.cti.onClickToDial((told) => window.heard.push(told))")
    page.wait_for_timeout(200)
    expect(page.locator("#tab")).to_have_text("Don Goodliffe")
    page.get_by_role("button", name="Click to dial").click()
    frame.wait_for_function("window.heard.length")
    assert frame.evaluate("JSON.parse(window.heard[0].result)") == {
        "number": "(415) 555-0132", "object": "Contact", "objectId": DON, "objectName": "Don Goodliffe",
    }  # fmt: skip


def test_classic_pops_records_new_records_and_searches(opened: Open) -> None:
    page, frame = opened("classic")
    assert classic(frame, "screenPop", f"/{DON}", True) == {"result": True}
    page.frame(name="main").wait_for_url(f"**/lightning/r/Contact/{DON}/view")  # type: ignore[union-attr]
    classic(frame, "screenPop", "/500/e?cas14=Hello", True)
    page.frame(name="main").wait_for_url("**/lightning/o/Case/new?cas14=Hello")  # type: ignore[union-attr]
    answer = classic(frame, "searchAndScreenPop", "4155550132", "", "inbound")
    assert DON in answer["result"]
    refused = classic(frame, "screenPop", "https://evil.example/", True)
    assert refused["result"] is False and "must be relative" in refused["error"]


def test_classic_writes_a_log_and_sets_the_size(opened: Open) -> None:
    page, frame = opened("classic")
    task = classic(frame, "saveLog", "Task", f"Subject=Call&CallType=Outbound&WhoId={DON}")["result"]
    assert str(task).startswith("00T")
    assert classic(frame, "saveLog", "Task", "CallType=Odd")["result"] is False
    assert classic(frame, "cti.setSoftphoneWidth", 450) == {"result": True}
    box = page.locator("#softphone").bounding_box()
    assert box and round(box["width"]) == 450
    classic(frame, "setVisible", False)
    expect(page.locator("#softphone")).to_be_hidden()


# -- conditions and messages


def test_a_message_of_another_page_is_refused_and_named(opened: Open) -> None:
    page, frame = opened()
    page.click("#inspector-button")
    page.evaluate("window.postMessage({ openCti: 1, id: 'x', method: 'screenPop', args: {} }, '*')")
    expect(page.locator("#inspector li.error em").first).to_have_text("not from the softphone")
    frame.evaluate("window.parent.postMessage({ openCti: 1, id: 'x', method: 'dance' }, '*')")
    expect(page.locator("#inspector li.error em").first).to_have_text("dance is no method of Open CTI.")


def test_the_softphone_can_be_refused_cookies_and_microphone(opened: Open) -> None:
    page, frame = opened()
    assert frame.evaluate("[window.origin, document.featurePolicy.allowsFeature('microphone')]")[1] is True
    page.get_by_role("button", name="Deny microphone").click()
    frame = child(page)
    assert frame.evaluate("document.featurePolicy.allowsFeature('microphone')") is False
    page.get_by_role("button", name="Block cookies").click()
    frame = child(page)
    assert frame.evaluate("window.origin") == "null"
    page.get_by_role("button", name="Block cookies").click()
    assert child(page).evaluate("window.origin") != "null"


def test_the_page_may_frame_only_itself_and_the_adapter(organisation: str, softphone: str) -> None:
    policy = requests.get(f"{organisation}/lightning/page/home", timeout=10).headers["Content-Security-Policy"]
    assert f"frame-src 'self' {softphone.removesuffix('/softphone')};" in policy


def test_the_libraries_are_at_the_root_too_and_have_a_version(simulators: str) -> None:
    for library in LIBRARIES.values():
        assert requests.get(f"{simulators}/support/api/66.0/{library}", timeout=10).ok
        assert requests.get(f"{simulators}/salesforce/support/api/6/{library}", timeout=10).status_code == 404


# -- the call centre


def test_a_definition_file_is_imported_checked_used_and_removed(page: Page, organisation: str, tmp_path: Path) -> None:
    settings(organisation, adapter_url="")
    good = definition(reqSoftphoneWidth="444")
    bad, mine = tmp_path / "bad.xml", tmp_path / "mine.xml"
    bad.write_text(definition(reqInternalName="has blank"))
    mine.write_text(good)
    page.goto(f"{organisation}/lightning/page/home")
    bring(page, bad)
    expect(page.get_by_role("alert")).to_contain_text("at most 40 letters and digits")
    bring(page, mine)
    expect(page.get_by_role("button", name="Call centre: Mine")).to_be_visible()
    assert (
        page.locator("#softphone-frame").get_attribute("src").startswith("https://hub.example/phone?sfdcIFrameOrigin=")
    )  # type: ignore[union-attr]
    assert round(page.locator("#softphone").bounding_box()["width"]) == 444  # type: ignore[index]
    bring(page, mine)
    expect(page.get_by_role("alert")).to_contain_text("There is a call center Mine already")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Call centre", exact=True)).to_be_visible()


def test_a_call_centre_for_classic_only_shows_nothing_in_lightning(
    page: Page, organisation: str, tmp_path: Path
) -> None:
    settings(organisation, adapter_url="")
    (tmp_path / "c.xml").write_text(definition(reqSalesforceCompatibilityMode="Classic"))
    page.goto(f"{organisation}/lightning/page/home")
    bring(page, tmp_path / "c.xml")
    expect(page.locator("#softphone")).to_have_count(0)
    page.goto(f"{organisation}/home/home.jsp")
    expect(page.locator("#softphone")).to_be_visible()


def bring(page: Page, file: Path) -> None:
    if not page.locator("#center").evaluate("dialog => dialog.open"):
        page.locator("#center-button").click()
    page.locator("#center input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    page.wait_for_load_state()


def definition(**changes: str) -> str:
    general = {
        "reqInternalName": "Mine", "reqDisplayName": "Mine", "reqAdapterUrl": "https://hub.example/phone",
        "reqUseApi": "true", "reqSoftphoneHeight": "600", "reqSoftphoneWidth": "400",
        "reqSalesforceCompatibilityMode": "Classic_and_Lightning",
    }  # fmt: skip
    dialling = dict.fromkeys(("reqOutsidePrefix", "reqLongDistPrefix", "reqInternationalPrefix"), "1")
    return (
        f"<callCenter>{section(0, 'reqGeneralInfo', {**general, **changes})}"
        f"{section(1, 'reqDialingOptions', dialling)}</callCenter>"
    )


def section(order: int, name: str, items: dict[str, str]) -> str:
    inner = "".join(
        f'<item sortOrder="{n}" name="{key}" label="{key}">{text}</item>' for n, (key, text) in enumerate(items.items())
    )
    return f'<section sortOrder="{order}" name="{name}" label="{name}">{inner}</section>'
