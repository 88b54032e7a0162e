"""The form and the JSON control with which a tester writes as a customer."""

from __future__ import annotations

import pytest
import requests

KEYS = ("messenger_telegram", "messenger_line", "messenger_facebook", "messenger_viber", "messenger_nexmo")


@pytest.mark.parametrize("key", KEYS)
def test_the_page_has_a_form_that_comes_back_to_it(simulators: str, key: str) -> None:
    base = f"{simulators}/{key}"
    page = requests.get(f"{base}/", headers={"Accept": "text/html"}, timeout=5)
    assert 'action="_send"' in page.text and "Write as a customer" in page.text
    form = {"user": "77", "name": "Robin Example", "text": "<b>Hi</b>", "picture": "", "kind": "message", "repeat": "1"}
    answer = requests.post(f"{base}/_send", data=form, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{key}/")
    calls = requests.get(f"{base}/_board", timeout=5).json()["calls"]
    assert "No webhook is set" in calls[0]["answer"]


@pytest.mark.parametrize("key", KEYS)
def test_the_control_says_what_is_wrong(simulators: str, key: str) -> None:
    base = f"{simulators}/{key}/_send"
    assert requests.post(base, json={}, timeout=5).status_code == 409
    for wrong in ({"colour": "red"}, {"kind": "nonsense"}, {"repeat": 0}, ["x"]):
        answer = requests.post(base, json=wrong, timeout=5)
        assert answer.status_code == 400 and answer.json()["error"]


@pytest.mark.parametrize("key", KEYS)
def test_an_address_that_does_not_answer_is_shown(simulators: str, key: str) -> None:
    requests.put(f"{simulators}/{key}/_settings", json={"webhook_url": "http://127.0.0.1:9/hook"}, timeout=5)
    answer = requests.post(f"{simulators}/{key}/_send", json={"text": "x"}, timeout=10).json()
    assert answer["calls"][0]["status"] is None and answer["calls"][0]["answer"] == "ConnectionError"
    page = requests.get(f"{simulators}/{key}/_live/board", timeout=5)
    assert "ConnectionError" in page.text
