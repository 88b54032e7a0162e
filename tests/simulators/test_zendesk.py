"""The simulated help desk is strict where Zendesk is strict (developer.zendesk.com; assumptions are settings)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from integrations.simulators.server import running
from integrations.simulators.zendesk import query, tokens
from integrations.simulators.zendesk.store import Store

AUTH = ("integration@example.com/token", tokens.API_TOKEN)
CLIENT = {"client_id": tokens.CLIENT_ID, "client_secret": tokens.CLIENT_SECRET}
CALLBACK = "http://127.0.0.1:8000/admin/integrations/oauth/callback/"
VERIFIER = "v" * 64
NOBODY = {"error": "Couldn't authenticate you"}


class HelpDesk:
    def __init__(self, base: str) -> None:
        self.base = base

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        return requests.request(method, f"{self.base}{path}", timeout=10, **options)

    def api(self, method: str, path: str, *, auth: Any = AUTH, **options: Any) -> requests.Response:
        return self.call(method, f"/api/v2{path}", auth=auth, **options)

    def token(self, **asked: Any) -> requests.Response:
        return self.call("POST", "/oauth/tokens", json={**CLIENT, **asked})

    def bearer(self, **asked: Any) -> dict[str, str]:
        answer = self.token(grant_type="client_credentials", **{"scope": "read write", **asked}).json()
        return {"Authorization": f"Bearer {answer['access_token']}"}

    def settings(self, **changes: Any) -> None:
        assert self.call("PUT", "/_settings", json=changes).ok

    def warnings(self) -> list[str]:
        exchanges = self.call("GET", "/_requests", params={"format": "json"}).json()
        return [text for exchange in exchanges for text in exchange["warnings"]]

    def search(self, text: str, **more: Any) -> list[str]:
        answer = self.api("GET", "/search.json", params={"query": text, **more})
        assert answer.status_code == 200, answer.text
        return [row.get("subject") or row["name"] for row in answer.json()["results"]]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running() as base:
        yield f"{base}/zendesk"


@pytest.fixture
def desk(address: str) -> HelpDesk:
    found = HelpDesk(address)
    assert found.call("POST", "/_reset").ok
    return found


# -- who calls


def test_without_a_log_in_who_am_i_is_a_good_answer_about_nobody(desk: HelpDesk) -> None:
    answer = desk.api("GET", "/users/me.json", auth=None)
    assert answer.status_code == 200
    assert (answer.json()["user"]["id"], answer.json()["user"]["role"]) == (None, "end-user")
    assert desk.api("GET", "/tickets.json", auth=None).json() == NOBODY


@pytest.mark.parametrize(
    "pair",
    [
        ("integration@example.com", tokens.API_TOKEN),
        ("integration@example.com/password", tokens.API_TOKEN),
        ("integration@example.com/token", "wrong"),
        ("nobody@example.com/token", tokens.API_TOKEN),
    ],
)
def test_basic_takes_the_address_with_token_behind_it_and_nothing_else(desk: HelpDesk, pair: tuple[str, str]) -> None:
    answer = desk.api("GET", "/users/me.json", auth=pair)
    assert (answer.status_code, answer.json()) == (401, NOBODY)
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_switched_off_token_access_makes_everybody_anonymous(desk: HelpDesk) -> None:
    desk.settings(token_access=False)
    assert desk.api("GET", "/users/me.json").json()["user"]["id"] is None
    assert desk.api("GET", "/search.json", params={"query": "x"}).status_code == 401
    assert desk.call("GET", "/api/v2/users/me.json", headers=desk.bearer()).json()["user"]["id"]


def test_api_tokens_stop_on_their_day(desk: HelpDesk) -> None:
    desk.settings(simulated_date="2027-04-29")
    assert desk.api("GET", "/users/me.json").status_code == 200
    desk.settings(simulated_date="2027-04-30")
    assert desk.api("GET", "/users/me.json").status_code == 401


def test_a_customer_may_not_use_the_interface(desk: HelpDesk) -> None:
    answer = desk.api("GET", "/tickets.json", auth=("don.goodliffe@example.com/token", tokens.API_TOKEN))
    assert answer.status_code == 403 and answer.json()["error"]["title"] == "Forbidden"


# -- the token endpoint


def test_a_token_is_made_with_201_and_says_how_long_it_lives(desk: HelpDesk) -> None:
    answer = desk.token(grant_type="client_credentials", scope="read", expires_in=300)
    assert answer.status_code == 201
    assert {**answer.json(), "access_token": ""} == {
        "access_token": "", "token_type": "bearer", "scope": "read", "expires_in": 300,
    }  # fmt: skip


def test_the_token_endpoint_reads_json_only(desk: HelpDesk) -> None:
    form = {**CLIENT, "grant_type": "client_credentials"}
    answer = desk.call("POST", "/oauth/tokens", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert any("application/json" in text for text in desk.warnings())
    assert (
        desk.call("POST", "/oauth/tokens", data="[]", headers={"Content-Type": "application/json"}).status_code == 400
    )


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": tokens.PUBLIC_CLIENT_ID}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "never"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "never"}, 400, "invalid_grant"),
        ({"expires_in": 299}, 400, "invalid_request"),
        ({"expires_in": 172_801}, 400, "invalid_request"),
        ({"expires_in": "1800"}, 400, "invalid_request"),
        ({"refresh_token_expires_in": 604_799}, 400, "invalid_request"),
        ({"refresh_token_expires_in": 7_776_001}, 400, "invalid_request"),
    ],
)
def test_every_refusal_of_a_token_has_its_code(desk: HelpDesk, asked: dict[str, Any], status: int, error: str) -> None:
    answer = desk.token(**{"grant_type": "client_credentials", **asked})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "access_token" not in answer.text


def test_a_scope_sent_as_a_list_gets_a_token_that_opens_nothing(desk: HelpDesk) -> None:
    answer = desk.call("GET", "/api/v2/tickets.json", headers=desk.bearer(scope=["read", "write"]))
    assert answer.status_code == 403 and answer.json()["error"] == "Forbidden"


def test_a_token_does_what_its_scope_says(desk: HelpDesk) -> None:
    reader = desk.bearer(scope="tickets:read")
    assert desk.call("GET", "/api/v2/tickets.json", headers=reader).status_code == 200
    answer = desk.call("POST", "/api/v2/tickets.json", headers=reader, json={"ticket": {}})
    assert answer.json()["description"] == "You are missing the following required scopes: write"


def consent(desk: HelpDesk, **changes: str) -> requests.Response:
    asked = {
        "response_type": "code", "client_id": tokens.CLIENT_ID, "redirect_uri": CALLBACK, "scope": "read write",
        "state": "s1", "code_challenge": tokens.s256(VERIFIER), "code_challenge_method": "S256", **changes,
    }  # fmt: skip
    kept = {name: value for name, value in asked.items() if value}
    decision = {"user": "agent1@example.com", "decision": "allow"}
    return desk.call("POST", f"/oauth/authorizations/new?{urlencode(kept)}", data=decision)


def code_of(answer: requests.Response) -> str:
    assert answer.status_code == 302, answer.text
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


def by_code(desk: HelpDesk, code: str, **changes: Any) -> requests.Response:
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return desk.token(**{**asked, **changes})


def test_a_code_becomes_tokens_of_the_person_who_allowed_it_once(desk: HelpDesk) -> None:
    code = code_of(consent(desk))
    answer = by_code(desk, code, refresh_token_expires_in=604_800).json()
    assert answer["refresh_token_expires_in"] == 604_800
    header = {"Authorization": f"Bearer {answer['access_token']}"}
    assert desk.call("GET", "/api/v2/users/me.json", headers=header).json()["user"]["name"] == "Ava Martin"
    assert by_code(desk, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "w" * 64}, {"code_verifier": ""}, {"redirect_uri": f"{CALLBACK}x"}]
)
def test_a_code_is_worthless_without_the_verifier_and_the_same_address(desk: HelpDesk, changes: dict[str, str]) -> None:
    assert by_code(desk, code_of(consent(desk)), **changes).json()["error"] == "invalid_grant"


def test_a_code_ends_after_two_minutes(desk: HelpDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_of(consent(desk))
    now = tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 121)
    assert by_code(desk, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "unknown"}, "No such client"),
        ({"response_type": "token"}, "response_type"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_uri"),
        ({"scope": ""}, "scope is required"),
        ({"code_challenge_method": "plain"}, "S256"),
        ({"client_id": tokens.PUBLIC_CLIENT_ID, "code_challenge": ""}, "PKCE"),
    ],
)
def test_a_wrong_request_for_consent_is_told_on_the_page(desk: HelpDesk, changes: dict[str, str], words: str) -> None:
    answer = consent(desk, **changes)
    assert answer.status_code == 400 and words in answer.text


def test_a_refresh_ends_both_old_tokens_and_an_old_one_that_comes_back_ends_everything(desk: HelpDesk) -> None:
    first = by_code(desk, code_of(consent(desk))).json()
    second = desk.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    old, new = ({"Authorization": f"Bearer {answer['access_token']}"} for answer in (first, second))
    refused = desk.call("GET", "/api/v2/users/me.json", headers=old)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert desk.call("GET", "/api/v2/users/me.json", headers=new).status_code == 200
    assert desk.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 400
    assert any("used before" in text for text in desk.warnings())
    assert desk.call("GET", "/api/v2/users/me.json", headers=new).status_code == 401


def test_that_reuse_ends_everything_is_a_setting(desk: HelpDesk) -> None:
    desk.settings(reuse_ends_authorisation=False)
    first = by_code(desk, code_of(consent(desk))).json()
    second = desk.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert desk.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 400
    assert desk.token(grant_type="refresh_token", refresh_token=second["refresh_token"]).status_code == 201


def test_a_client_is_made_by_administrators_only_and_its_secret_is_shown_once(desk: HelpDesk) -> None:
    wanted = {
        "client": {"name": "Hub", "identifier": "hub", "user_id": 5001, "redirect_uri": ["https://hub.example/cb"]}
    }
    agent = ("agent1@example.com/token", tokens.API_TOKEN)
    assert desk.api("POST", "/oauth/clients.json", auth=agent, json=wanted).status_code == 403
    made = desk.api("POST", "/oauth/clients.json", json=wanted)
    assert made.status_code == 201 and made.json()["client"]["secret"]
    again = desk.api("POST", "/oauth/clients.json", json=wanted)
    assert again.status_code == 422 and "already been taken" in again.text
    assert consent(desk, client_id="hub", redirect_uri="https://hub.example/cb").status_code == 302
    shown = desk.call("GET", "/_requests", params={"format": "json"}).text
    assert made.json()["client"]["secret"] not in shown


# -- searching


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("type:user phone:*4155550132", ["Don Goodliffe"]),
        ("type:user phone:14155550132", ["Don Goodliffe"]),
        ("type:user phone:4155550132", []),
        ("type:user phone:4155550133", ["Beth Anglin"]),
        ("type:user phone:*4155550143", ["Beth Anglin"]),
        ("type:user phone:+14155550132", []),
        ("type:user phone:415-555-0133", []),
        ("type:user role:agent role:admin name:integration", ["Integration User"]),
        ("type:user email:carla.reyes@example.com", ["Carla Reyes"]),
        ("type:user name:shaw -name:ella", ["Evan Shaw"]),
        ('type:user "Greta Vogel"', ["Greta Vogel"]),
        ("type:user organization:boxeo", ["Don Goodliffe", "Beth Anglin"]),
        ("type:user suspended:true", ["Sue Spended"]),
        ("type:ticket status>hold", ["New monitor stays dark", "Password reset"]),
        ("type:ticket status:new", ["Invoice export shows last year's totals"]),
        ("type:ticket priority>=high tags:network", ["VPN drops every ten minutes"]),
        ("type:ticket priority:none", ["Invoice export shows last year's totals"]),
        ('type:ticket requester:"Dan Okafor"', ["Invoice export shows last year's totals"]),
        ("type:ticket assignee:none", []),
        ("type:ticket subject:batter* ", ["Laptop battery drains within an hour"]),
        ("type:ticket batter", []),
        ("type:ticket created>2999-01-01", []),
        ("type:ticket colour:red", []),
        ("boxeo", ["Boxeo"]),
    ],
)
def test_the_search_language(desk: HelpDesk, text: str, found: list[str]) -> None:
    assert desk.search(text) == found


def test_a_phone_that_is_not_digits_and_an_unknown_property_are_noted(desk: HelpDesk) -> None:
    desk.search("type:user phone:+1415")
    desk.search("type:ticket colour:red")
    assert any("digits only" in text for text in desk.warnings())
    assert any("no property 'colour'" in text for text in desk.warnings())


def test_a_quotation_keeps_its_words_together() -> None:
    terms = query.parse('type:ticket -tags:"a b" "c d" status>=open e')
    assert [(t.field, t.operator, t.value, t.negated) for t in terms] == [
        ("type", ":", "ticket", False), ("tags", ":", "a b", True), ("", "", "c d", False),
        ("status", ">=", "open", False), ("", "", "e", False),
    ]  # fmt: skip
    assert query.matches(Store(), "ticket", {"id": 1}, [], lambda text: None)


def test_a_new_record_is_found_after_the_lag_and_listed_at_once(desk: HelpDesk) -> None:
    desk.settings(search_lag_seconds=300)
    made = desk.api("POST", "/tickets.json", json={"ticket": {"comment": {"body": "Fresh"}, "external_id": "x1"}})
    assert made.status_code == 201
    assert desk.search("type:ticket fresh") == []
    listed = desk.api("GET", "/tickets.json", params={"external_id": "x1"}).json()["tickets"]
    assert [row["subject"] for row in listed] == ["Fresh"]
    desk.settings(search_lag_seconds=0)
    assert desk.search("type:ticket fresh") == ["Fresh"]


def test_a_search_shows_a_thousand_at_most_and_needs_a_query(desk: HelpDesk) -> None:
    over = desk.api("GET", "/search.json", params={"query": "x", "page": 11, "per_page": 100})
    assert (over.status_code, over.json()["error"]) == (422, "invalid")
    assert desk.api("GET", "/search.json").status_code == 422
    assert desk.api("GET", "/search/count.json", params={"query": "role:end-user"}).json() == {"count": 13}


def test_pages_go_by_cursor_or_by_number_and_never_by_both(desk: HelpDesk) -> None:
    seen, after = [], ""
    while True:
        asked = {"page[size]": 3, **({"page[after]": after} if after else {})}
        answer = desk.api("GET", "/tickets.json", params=asked).json()
        seen += [row["id"] for row in answer["tickets"]]
        if not answer["meta"]["has_more"]:
            break
        after = answer["meta"]["after_cursor"]
    assert seen == list(range(1001, 1009))
    by_number = desk.api("GET", "/tickets.json", params={"page": 2, "per_page": 5}).json()
    assert [row["id"] for row in by_number["tickets"]] == [1006, 1007, 1008] and by_number["count"] == 8
    assert desk.api("GET", "/tickets.json", params={"page[size]": 3, "page": 1}).status_code == 400


# -- writing


def make(desk: HelpDesk, **fields: Any) -> requests.Response:
    return desk.api("POST", "/tickets.json", json={"ticket": {"comment": {"body": "Hello"}, **fields}})


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"comment": None}, 422, "Description: cannot be blank"),
        ({"comment": {"body": " "}}, 422, "Comment: cannot be blank"),
        ({"comment": "Hello"}, 400, "comment must be an object"),
        ({"comment": {"body": "x", "public": "no"}}, 400, "public must be a boolean"),
        ({"requester_id": "5009"}, 400, "requester_id must be an integer"),
        ({"requester_id": 1}, 422, "Requester: is invalid"),
        ({"assignee_id": 5009}, 422, "Assignee: is not an agent"),
        ({"tags": "a b"}, 400, "tags must be an array of strings"),
        ({"custom_fields": {"360": "x"}}, 400, "custom_fields must be an array"),
        ({"status": "closing"}, 422, "Status: is not included"),
        ({"priority": "highest"}, 422, "Priority: is not included"),
        ({"voice_comment": {"from": "+1", "to": "+1"}, "comment": None}, 400, "voice_comment.recording_url"),
    ],
)
def test_a_ticket_of_the_wrong_shape_is_refused(
    desk: HelpDesk, fields: dict[str, Any], status: int, words: str
) -> None:
    answer = make(desk, **fields)
    assert answer.status_code == status and words in answer.text
    assert make(desk).status_code == 201


def test_a_body_that_is_no_json_or_lacks_its_wrapper_is_refused(desk: HelpDesk) -> None:
    assert desk.api("POST", "/tickets.json", data={"ticket": "x"}).status_code == 415
    headers = {"Content-Type": "application/json"}
    assert desk.api("POST", "/tickets.json", data="{", headers=headers).status_code == 422
    assert "ticket must be an object" in desk.api("POST", "/tickets.json", json={"subject": "x"}).text


def test_a_suspended_requester_is_refused_by_name(desk: HelpDesk) -> None:
    assert desk.api("PUT", "/users/5009.json", json={"user": {"suspended": True}}).status_code == 200
    assert "Requester: Don Goodliffe is suspended." in make(desk, requester_id=5009).text


def test_unknown_and_read_only_attributes_are_dropped_and_noted(desk: HelpDesk) -> None:
    made = make(desk, colour="red", created_at="2020-01-01T00:00:00Z")
    assert made.status_code == 201 and "colour" not in made.json()["ticket"]
    assert any("'colour' is not known" in text for text in desk.warnings())
    assert any("'created_at' is read-only" in text for text in desk.warnings())


def test_a_comment_is_public_where_nobody_says_otherwise(desk: HelpDesk) -> None:
    number = make(desk).json()["ticket"]["id"]
    desk.api("PUT", f"/tickets/{number}.json", json={"ticket": {"comment": {"body": "Quiet", "public": False}}})
    asked = {"sort": "-created_at"}
    rows = desk.api("GET", f"/tickets/{number}/comments.json", params=asked).json()["comments"]
    assert [(row["body"], row["public"]) for row in rows] == [("Quiet", False), ("Hello", True)]


def test_an_idempotency_key_answers_the_first_ticket_again(desk: HelpDesk) -> None:
    body, headers = {"ticket": {"comment": {"body": "Once"}}}, {"Idempotency-Key": "k1"}
    first = desk.api("POST", "/tickets.json", json=body, headers=headers)
    second = desk.api("POST", "/tickets.json", json=body, headers=headers)
    assert (first.headers["x-idempotency-lookup"], second.headers["x-idempotency-lookup"]) == ("miss", "hit")
    assert first.json()["ticket"]["id"] == second.json()["ticket"]["id"]
    other = desk.api("POST", "/tickets.json", json={"ticket": {"comment": {"body": "Other"}}}, headers=headers)
    assert (other.status_code, other.json()["error"]) == (400, "IdempotentRequestError")


def test_a_closed_ticket_takes_nothing(desk: HelpDesk) -> None:
    answer = desk.api("PUT", "/tickets/1008.json", json={"ticket": {"status": "open"}})
    assert answer.status_code == 422 and answer.json()["details"]["status"][0]["description"].startswith(
        "Status: closed"
    )


def test_a_safe_update_needs_the_latest_stamp(desk: HelpDesk) -> None:
    change = {"status": "solved", "safe_update": True}
    assert desk.api("PUT", "/tickets/1001.json", json={"ticket": change}).status_code == 400
    old = {**change, "updated_stamp": "2020-01-01T00:00:00Z"}
    answer = desk.api("PUT", "/tickets/1001.json", json={"ticket": old})
    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")
    stamp = desk.api("GET", "/tickets/1001.json").json()["ticket"]["updated_at"]
    good = {**change, "updated_stamp": stamp}
    assert desk.api("PUT", "/tickets/1001.json", json={"ticket": good}).status_code == 200


def test_a_light_agent_writes_internal_notes_and_nothing_else(desk: HelpDesk) -> None:
    light = ("light@example.com/token", tokens.API_TOKEN)
    for change in ({"status": "solved"}, {"comment": {"body": "x", "public": True}}):
        assert desk.api("PUT", "/tickets/1001.json", auth=light, json={"ticket": change}).status_code == 403
    assert desk.api("POST", "/tickets.json", auth=light, json={"ticket": {"comment": {"body": "x"}}}).status_code == 403
    assert desk.api("POST", "/users.json", auth=light, json={"user": {"name": "x"}}).status_code == 403
    note = {"comment": {"body": "x", "public": False}}
    assert desk.api("PUT", "/tickets/1001.json", auth=light, json={"ticket": note}).status_code == 200


def test_a_user_needs_a_name_and_an_address_of_its_own(desk: HelpDesk) -> None:
    assert "Name: cannot be blank" in desk.api("POST", "/users.json", json={"user": {"email": "a@b.example"}}).text
    taken = desk.api("POST", "/users.json", json={"user": {"name": "x", "email": "DON.goodliffe@example.com"}})
    assert taken.status_code == 422 and taken.json()["details"]["email"][0]["error"] == "DuplicateValue"


def test_a_new_user_with_an_address_gets_a_mail_unless_told_otherwise(desk: HelpDesk) -> None:
    desk.api("POST", "/users.json", json={"user": {"name": "x", "email": "x@b.example", "skip_verify_email": True}})
    assert desk.call("GET", "/_board").json()["mails"] == []
    desk.api("POST", "/users.json", json={"user": {"name": "y", "email": "y@b.example"}})
    assert desk.call("GET", "/_board").json()["mails"][0][0] == "y@b.example"


# -- limits


def test_every_answer_tells_the_limit_and_a_used_up_one_says_when(desk: HelpDesk) -> None:
    desk.settings(requests_per_minute=2)
    first = desk.api("GET", "/users/me.json")
    assert (first.headers["X-Rate-Limit"], first.headers["X-Rate-Limit-Remaining"]) == ("2", "1")
    assert first.headers["ratelimit-remaining"] == "1"
    desk.api("GET", "/users/me.json")
    refused = desk.api("GET", "/users/me.json")
    assert refused.status_code == 429 and 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Content-Type"].startswith("text/plain")
    desk.settings(rate_limit_as_text=False)
    assert desk.api("GET", "/users/me.json").json()["error"] == "APIRateLimitExceeded"


def test_a_user_may_be_changed_five_times_a_minute(desk: HelpDesk) -> None:
    answers = [desk.api("PUT", "/users/5009.json", json={"user": {"notes": str(n)}}).status_code for n in range(6)]
    assert answers == [200, 200, 200, 200, 200, 429]


# -- Talk Partner Edition


def test_displaying_answers_nothing_and_opens_it_for_the_agent(desk: HelpDesk) -> None:
    answer = desk.api("POST", "/channels/voice/agents/5002/tickets/1001/display.json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert desk.call("GET", "/_board").json()["displayed"][0][1:3] == ["Ava Martin", "ticket 1001"]
    for agent, number in ((5009, 1001), (5002, 1)):
        answer = desk.api("POST", f"/channels/voice/agents/{agent}/tickets/{number}/display.json")
        assert (answer.status_code, answer.text) == (404, "Invalid attribute")


@pytest.mark.parametrize(("via", "status"), [(44, 201), (45, 201), (46, 201), (0, 422), (None, 422)])
def test_a_ticket_of_a_call_names_how_it_came(desk: HelpDesk, via: int | None, status: int) -> None:
    body = {"display_to_agent": 5002, "ticket": {"via_id": via, "subject": "Call", "comment": {"body": "x"}}}
    assert desk.api("POST", "/channels/voice/tickets.json", json=body).status_code == status


# -- the rest


def test_addresses_work_with_and_without_json_and_others_are_no_endpoints(desk: HelpDesk) -> None:
    assert desk.api("GET", "/tickets/1001").json() == desk.api("GET", "/tickets/1001.json").json()
    assert desk.api("GET", "/nothing.json").json()["error"] == "InvalidEndpoint"
    assert desk.api("GET", "/tickets/1.json").json() == {"error": "RecordNotFound", "description": "Not found"}


def test_the_pages_show_tickets_users_and_what_was_said(desk: HelpDesk) -> None:
    board = desk.call("GET", "/", headers={"Accept": "text/html"}).text
    assert "Cannot print from the third floor" in board and 'href="agent/tickets/1001"' in board
    make(desk, comment={"body": "<script>alert(1)</script>", "public": False})
    page = desk.call("GET", "/agent/tickets/1009").text
    assert "internal note" in page and "<script>alert" not in page
    assert desk.call("GET", "/agent/tickets/1").status_code == 404
    assert desk.call("GET", "/agent/gadgets/1").status_code == 404
