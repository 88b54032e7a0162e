"""What holds for both doors to Oracle Service Cloud: callers, agents, records and their history, found again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from integrations.capabilities import Activity, CallFacts, Crm, CrmAgent, EmbedHost, PeopleDirectory, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Rejected, Unavailable
from integrations.providers.osvc import ServiceCloud, fields, roql
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

DOORS = {
    "oracle_service_cloud": ({"user_name": "integration"}, {"password": "demo-oracle-password"}),
    "rightnow": ({"user_name": "integration"}, {"password": "demo-rightnow-password"}),
}
NOTED = Activity("ref-1", "Call from +1 415 555 0132", "Caller: Don\n<b> & 'so' on", datetime(2026, 1, 1, tzinfo=UTC))


class Door:
    """One provider with its simulator, and what its names are."""

    def __init__(self, key: str, vendor: Vendor) -> None:
        self.key, self.vendor = key, vendor
        self.crm = self.connect()

    def connect(self, **properties: Any) -> ServiceCloud:
        defaults, secrets = DOORS[self.key]
        account = AccountFactory(provider=self.key, properties={**defaults, **properties}, secrets=secrets)
        account.full_clean()
        provider: ServiceCloud = account.connect()
        return provider

    def incident(self, record_id: str = "1") -> RecordRef:
        return RecordRef(self.crm.INCIDENTS, record_id)

    def names(self, number: str, received: str = "") -> list[str]:
        return sorted(person.title for person in self.crm.find_by_phone(number, received or number).people)

    def queries(self) -> list[str]:
        """Newest first, as the site understood them."""
        return [row[0] for row in table(self.vendor, "Queries")]


def table(vendor: Vendor, title: str) -> list[list[Any]]:
    return next(table["rows"] for table in vendor.board()["tables"] if table["title"] == title)


@pytest.fixture(params=list(DOORS))
def door(request: pytest.FixtureRequest, vendor: Callable[[str], Vendor], transactional_db: None) -> Iterator[Door]:
    yield Door(request.param, vendor(request.param))


# -- callers


CALLERS = {
    "+14155550132": ["Don Goodliffe"],  # (415) 555-0132, and not (510) 555-0132
    "+14155550133": ["Beth Anglin"],  # +1 415 555 0133
    "+14155550143": ["Beth Anglin"],  # 415.555.0143, mobile
    "+14155550134": ["Carla Reyes"],  # two phones with the same number: one person
    "+14155550136": ["Ella Shaw", "Evan Shaw"],  # a shared line
    "+14155550137": ["Fred Larsen"],  # +1 415 555 0137 ext. 22
    "+493090182010": ["Greta Vogel"],  # +49 30 901820 10
    "+493090182012": ["Hans Winter"],  # +49 (0)30 901820 12
    "+14155550172": ["Maeve O'Brien"],
    "+14155550199": [],
    "+15105550132": ["Rita Neighbour"],
}


def test_a_caller_is_found_however_the_number_is_written(door: Door) -> None:
    assert isinstance(door.crm, PeopleDirectory)
    assert {number: door.names(number) for number in CALLERS} == CALLERS


def test_one_query_is_enough_for_the_usual_spellings_and_is_kept(door: Door) -> None:
    matches = door.crm.find_by_phone("+14155550132", "4155550132")
    assert door.queries() == [matches.query]
    assert "phones.rawNumber IN ('14155550132', " in matches.query
    person = matches.people[0]
    assert (person.fields["name.first"], person.fields["phones.number"]) == ("Don", "(415) 555-0132")


def test_a_number_with_an_extension_needs_a_second_query(door: Door) -> None:
    matches = door.crm.find_by_phone("+14155550137", "+14155550137")
    assert [("IN (" in query, "LIKE '%4155550137%'" in query) for query in door.queries()[::-1]] == [
        (True, False),
        (False, True),
    ]
    assert matches.query == door.queries()[0]


def test_a_withheld_number_asks_nobody(door: Door) -> None:
    assert door.crm.find_by_phone("", "anonymous").people == ()
    assert door.vendor.arrived() == []


def test_a_site_that_answers_too_much_makes_nobody_the_caller(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.providers.osvc.roql.one_of", lambda column, texts: f"{column} LIKE '%'")
    monkeypatch.setattr("integrations.providers.osvc.roql.containing", lambda column, text: f"{column} LIKE '%'")
    assert door.names("+14155550132") == ["Don Goodliffe"]
    assert door.names("+14155550199") == []


def test_the_accounts_country_is_that_of_numbers_without_a_country(door: Door) -> None:
    german = door.connect(default_country="DE")
    assert german.find_by_phone("+14155550132", "").people == ()
    assert [p.title for p in german.find_by_phone("+493090182010", "").people] == ["Greta Vogel"]


def test_an_administrator_looks_up_a_caller_and_sees_why(door: Door) -> None:
    shared = door.crm.look_up_caller(phone="415-555-0136")
    assert (shared.ok, shared.message) == (True, "2 found.")
    assert shared.rows[:2] == (("Ella Shaw", "415-555-0136"), ("Evan Shaw", "(415) 555-0136"))
    assert shared.rows[2][0] == "Asked" and "14155550136" in shared.rows[2][1]
    assert door.crm.look_up_caller(phone="+1 415 555 0199").message == "Nobody has the number +14155550199."
    assert door.crm.look_up_caller(phone="anonymous").rows == ()
    door.vendor.fault("missing_permission")
    refused = door.crm.look_up_caller(phone="415-555-0136")
    assert not refused.ok and refused.verdict is not None and refused.verdict.cause == Cause.NO_PERMISSION


# -- agents


AGENTS = {
    ("agent1@example.com", "nobody"): "Ava Martin",
    ("AGENT1@Example.com", "nobody"): "Ava Martin",
    ("", "agent2"): "Ben Clarke",
    ("elsewhere@example.com", "agent3"): "Chiyo Mori",
    ("pat.o'brien@example.com", ""): "Pat O'Brien",  # a quote never leaves, and is still compared
    ("team@example.com", "nobody"): None,  # two accounts with one address
    ("agent_@example.com", ""): None,  # no wildcard of ours counts as a match
    ("", ""): None,
}


def test_an_agent_is_found_by_address_else_by_login(door: Door) -> None:
    found = {key: door.crm.find_agent(email=key[0], login=key[1]) for key in AGENTS}
    assert {key: agent and agent.name for key, agent in found.items()} == AGENTS
    assert found["", "agent2"] == CrmAgent("3", "Ben Clarke")
    assert not any("o'b" in query for query in door.queries())


def test_the_map_key_decides_how_agents_are_found(door: Door) -> None:
    assert door.connect(agent_map_key="mapping").find_agent(email="agent1@example.com", login="agent1") is None
    assert door.vendor.arrived() == []
    by_login = door.connect(agent_map_key="user_name").find_agent(email="agent1@example.com", login="agent2")
    assert by_login is not None and by_login.id == "3"


def test_an_agent_is_remembered_for_a_while_and_a_miss_is_not(door: Door) -> None:
    for _ in range(2):
        door.crm.find_agent(email="agent1@example.com", login="")
    assert len(door.vendor.arrived()) == 1
    for _ in range(2):
        door.crm.find_agent(email="", login="nobody")
    assert len(door.vendor.arrived()) == 3


# -- records


def test_a_record_is_made_changed_and_read(door: Door) -> None:
    assert isinstance(door.crm, Crm)
    made = door.crm.create(door.crm.INCIDENTS, {"subject": "Card lost", "statusWithType.status.id": "1"})
    door.crm.update(made, {"subject": "Card lost, blocked"})
    door.crm.update(made, {"subject": "Card lost, blocked"})
    read = {name.lower(): value for name, value in door.crm.get(made).fields.items()}
    assert (made.id, read["id"], read["subject"]) == ("7", "7", "Card lost, blocked")
    assert read["statuswithtype.status.id"] == "1"
    assert read["referencenumber"] == door.crm.get(made).title


def test_a_search_takes_a_condition(door: Door) -> None:
    found = door.crm.search(door.crm.INCIDENTS, "subject LIKE 'VPN%'")
    assert [(r.ref, r.fields["subject"]) for r in found] == [(door.incident("3"), "VPN drops every ten minutes")]
    assert found[0].url == f"{door.vendor.address}/AgentWeb/?object=incident&id=3"


def test_a_search_takes_a_whole_statement_with_columns_of_its_own(door: Door) -> None:
    found = door.crm.search(
        door.crm.INCIDENTS, f"SELECT id, primaryContact.id FROM {door.crm.INCIDENTS} ORDER BY id DESC", limit=2
    )
    assert [(r.ref.id, r.fields["primaryContact.id"]) for r in found] == [("6", "10"), ("5", "8")]
    assert door.queries()[0].endswith("ORDER BY id DESC LIMIT 2")


def test_a_record_is_one_result_however_many_of_its_parts_fit(door: Door) -> None:
    found = door.crm.search(door.crm.CONTACTS, "phones.number LIKE '%'", limit=50)
    assert len(found) == len({r.ref for r in found}) == 12  # everybody but Lena, who has no phone


def test_a_query_that_cannot_be_meant_is_not_sent(door: Door) -> None:
    refusals = {
        "subject = 'a'; SELECT id FROM accounts": "more than one statement",
        f"SELECT subject FROM {door.crm.INCIDENTS}": "must select the column id",
        "SELECT id FROM organizations": "object type is",
    }
    for query, words in refusals.items():
        with pytest.raises(Rejected, match=words):
            door.crm.search(door.crm.INCIDENTS, query)
    assert door.vendor.arrived() == []


def test_a_query_that_the_site_does_not_understand_is_told_in_its_words(door: Door) -> None:
    with pytest.raises(Rejected) as refused:
        door.crm.search(door.crm.INCIDENTS, "no_such_column = 'x'")
    assert refused.value.cause == Cause.INVALID_DATA
    assert "Unknown column 'no_such_column'" in str(refused.value)


@pytest.mark.parametrize("act", ["get", "update"])
def test_a_record_that_is_not_there_is_not_found(door: Door, act: str) -> None:
    missing = door.incident("999")
    with pytest.raises(Rejected) as refused:
        door.crm.get(missing) if act == "get" else door.crm.update(missing, {"subject": "x"})
    assert refused.value.cause == Cause.NOT_FOUND


def test_what_is_no_id_never_becomes_part_of_a_request(door: Door) -> None:
    for record_id in ("", "x", "1/../2", "-1", "1" * 19, "\u0661"):
        for act in (door.crm.get, door.crm.record_url):
            with pytest.raises(Rejected, match="not the id of a record"):
                act(door.incident(record_id))
    assert door.vendor.arrived() == []


def test_what_is_no_object_never_becomes_part_of_a_request(door: Door) -> None:
    for kind in ("", "a/b", "x y", "incidents?x", "<b>"):
        acts: list[Callable[[], Any]] = [
            partial(door.crm.get, RecordRef(kind, "1")),
            partial(door.crm.create, kind, {}),
            partial(door.crm.search, kind, "id = 1"),
        ]
        for act in acts:
            with pytest.raises(Rejected, match="not the name of an object"):
                act()
    assert door.vendor.arrived() == []


def test_a_field_that_the_site_does_not_know_is_refused(door: Door) -> None:
    with pytest.raises(Rejected) as refused:
        door.crm.update(door.incident(), {"colour": "red"})
    assert refused.value.cause == Cause.INVALID_DATA and "olour" in str(refused.value)


# -- history, and finding again


def test_a_call_becomes_a_private_thread_of_an_incident_once(door: Door) -> None:
    assert not door.crm.has_activity(door.incident(), "ref-1")
    door.crm.add_activity(door.incident(), NOTED)
    assert door.crm.has_activity(door.incident(), "ref-1")
    assert not door.crm.has_activity(door.incident(), "ref-")
    assert not door.crm.has_activity(door.incident("2"), "ref-1")
    threads = [row for row in table(door.vendor, "Incidents") if row[1].startswith("Cannot print")]
    assert threads[0][4] == 2  # the customer's own thread is still there


def test_a_call_becomes_a_note_of_a_contact(door: Door) -> None:
    contact = RecordRef(door.crm.CONTACTS, "2")
    door.crm.add_activity(contact, NOTED)
    door.crm.add_activity(contact, Activity("ref-2", "Second", "", NOTED.started_at))
    assert door.crm.has_activity(contact, "ref-1") and door.crm.has_activity(contact, "ref-2")
    assert door.crm.get(contact).title == "Beth Anglin"


def test_a_made_incident_is_found_by_the_end_of_its_subject(door: Door) -> None:
    long = "x" * 300
    made = door.crm.create(door.crm.INCIDENTS, {"subject": long}, key="k-1")
    subject = next(v for n, v in door.crm.get(made).fields.items() if n.lower() == "subject")
    assert len(subject) == 240 and subject.endswith("x (ref k-1)")
    assert door.crm.find_created(door.crm.INCIDENTS, "k-1") == made
    assert door.crm.find_created(door.crm.INCIDENTS, "k-") is None
    assert door.crm.find_created(door.crm.INCIDENTS, "1") is None


def test_a_made_contact_is_found_by_its_note(door: Door) -> None:
    made = door.crm.create(
        door.crm.CONTACTS,
        {"name.first": "Ann", "name.last": "Lee", "phones.number": "+1 415 555 0198", "phones.phoneType.id": "1"},
        key="k-2",
    )
    assert door.crm.find_created(door.crm.CONTACTS, "k-2") == made
    assert door.crm.find_created(door.crm.CONTACTS, "k-") is None
    assert door.names("+14155550198") == ["Ann Lee"]


def test_a_record_without_a_key_carries_no_mark(door: Door) -> None:
    made = door.crm.create(door.crm.INCIDENTS, {"subject": "Plain"})
    assert door.crm.search(door.crm.INCIDENTS, "subject = 'Plain'")[0].ref == made


# -- pages


def test_records_open_in_the_browser_user_interface(door: Door) -> None:
    crm = door.crm
    assert isinstance(crm, EmbedHost)
    pop = crm.screen_pop(door.incident("3"), CallFacts(name="Beth Anglin"))
    assert (pop.title, pop.entity, pop.query) == ("Beth Anglin", "Incident", "3")
    assert pop.url == crm.record_url(door.incident("3"))
    new = crm.screen_pop(None, CallFacts(phone="+14155550199"))
    assert (new.entity, new.query, new.url) == ("Contact", "new", f"{door.vendor.address}/AgentWeb/")
    assert door.vendor.address.startswith(crm.web_origin())
    assert crm.client_library().endswith("/AgentWeb/module/extensibility/js/client/core/extension_loader.js")


def test_the_address_of_a_record_follows_the_pattern(door: Door) -> None:
    crm = door.connect(record_url_pattern="/open/{object}/{id}")
    assert crm.record_url(RecordRef(crm.CONTACTS, "5")) == f"{door.vendor.address}/open/contact/5"


# -- trouble, and recovery


def test_reading_is_repeated_through_a_busy_gateway_and_writing_is_not(door: Door) -> None:
    door.vendor.fault("server_error", times=1, options={"status": 503})
    assert door.crm.get(door.incident()).ref == door.incident()
    door.vendor.forget_requests()
    door.vendor.fault("server_error", options={"status": 503})
    with pytest.raises(Unavailable) as failed:
        door.crm.create(door.crm.INCIDENTS, {"subject": "x"}, key="k-3")
    assert failed.value.maybe_done
    assert len(door.vendor.arrived()) == 1
    door.vendor.healthy()
    assert door.crm.find_created(door.crm.INCIDENTS, "k-3") is None


def test_an_answer_that_came_damaged_may_have_made_the_record(door: Door) -> None:
    """REST tells the id in a header too, so it is not lost there."""
    door.vendor.fault("truncated", times=1)
    try:
        made = door.crm.create(door.crm.INCIDENTS, {"subject": "Half"}, key="k-4")
    except Rejected as damaged:
        assert damaged.maybe_done
        made = door.crm.find_created(door.crm.INCIDENTS, "k-4")  # type: ignore[assignment]
    assert made == door.incident("7")
    assert len(table(door.vendor, "Incidents")) == 7


def test_the_profile_may_forbid_everything(door: Door) -> None:
    setting = "profile_allows_rest" if door.key == "oracle_service_cloud" else "profile_allows_soap"
    door.vendor.settings(**{setting: False})
    verdict = door.crm.test_connection().verdict
    assert verdict is not None
    assert (verdict.cause, verdict.who) == (Cause.NO_PERMISSION, "the vendor's administrator")
    assert any("Account Authentication" in click for click in verdict.clicks)
    with pytest.raises(AuthenticationFailed):
        door.crm.get(door.incident())
    door.vendor.settings(**{setting: True})
    assert door.crm.test_connection().message == "Connection is valid (Contact centre Integration (integration))"


def test_testing_writes_nothing(door: Door) -> None:
    result = door.crm.test_connection()
    assert result.ok and "rights to create and change" in result.rows[-1][1]
    assert table(door.vendor, "Written") == []
    assert len(door.vendor.arrived()) == 3


def test_suppressed_rules_are_asked_for(door: Door) -> None:
    door.connect(suppress_rules=True).update(door.incident(), {"subject": "a"})
    door.crm.update(door.incident(), {"subject": "b"})
    assert [row[4] for row in table(door.vendor, "Written")] == ["rules run", "no rules"]
    assert {row[3] for row in table(door.vendor, "Written")} == {"Contact centre"}


# -- properties


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"url": "http://site.custhelp.com"}, "url", "https://"),
        ({"url": "https://site.custhelp.com/app"}, "url", "Only the host"),
        ({"default_country": "XX"}, "default_country", "ISO country code"),
        ({"record_url_pattern": "//evil/{object}/{id}"}, "record_url_pattern", "one slash"),
        ({"record_url_pattern": "/x/{id}"}, "record_url_pattern", "must hold"),
        ({"record_url_pattern": "/{object}/{id}/{x}"}, "record_url_pattern", "Only {object} and {id}"),
        ({"user_name": ""}, "user_name", "needs the login"),
    ],
)
@pytest.mark.parametrize("key", list(DOORS))
def test_a_wrong_setting_is_told_on_its_field(key: str, changes: dict[str, Any], field: str, words: str) -> None:
    form = properties_form(key, changes)
    assert words in " ".join(form.errors[field])


@pytest.mark.parametrize("key", list(DOORS))
def test_the_address_may_stay_empty_only_while_simulated(key: str) -> None:
    assert properties_form(key, {}, simulated=True).is_valid()
    assert "url" in properties_form(key, {}, simulated=False).errors
    assert properties_form(key, {"url": "https://Site.custhelp.com/"}, simulated=False).is_valid()


def properties_form(key: str, changes: dict[str, Any], *, simulated: bool = True) -> Any:
    from integrations.providers import registry

    kind = registry()[key].Properties
    plain, secrets = DOORS[key]
    return kind(data={**kind.defaults(), **plain, **secrets, **changes}, simulated=simulated)


# -- the query language, by itself


@pytest.mark.parametrize("text", ["O'Brien", "a\\", "a\nb", "\0"])
def test_a_text_that_could_end_its_quotes_is_not_written(text: str) -> None:
    with pytest.raises(Rejected, match="Nothing was sent"):
        roql.literal(text)
    assert roql.equal("name", text).count("'") == 2


def test_a_condition_on_a_text_is_exact_where_it_can_be() -> None:
    assert roql.equal("login", "agent1") == "login = 'agent1'"
    assert roql.equal("login", "o'x") == "login LIKE 'o_x'"


def test_columns_are_read_at_commas_outside_of_brackets() -> None:
    query = "select ID, date_add(createdTime, 1, days) as later, a.b from incidents where id in (1, 2) limit 5"
    statement = roql.written(query, "incidents", ("id",), 50)
    assert statement.columns == ("ID", "later", "a.b")
    assert statement.text == query


def test_a_semicolon_inside_a_text_is_part_of_the_text() -> None:
    assert roql.written("subject = 'a; b';", "incidents", ("id",), 5).text.endswith("WHERE subject = 'a; b' LIMIT 5")


# -- fields with dots


def test_fields_become_a_tree_and_back() -> None:
    tree = fields.nested({"subject": "A", "primaryContact.id": "12", "statusWithType.status.id": "1"})
    assert tree == {"subject": "A", "primaryContact": {"id": "12"}, "statusWithType": {"status": {"id": "1"}}}
    assert fields.flat(tree) == {"subject": "A", "primaryContact.id": "12", "statusWithType.status.id": "1"}


@pytest.mark.parametrize("clash", [{"a": "1", "a.b": "2"}, {"a.b": "2", "a": "1"}])
def test_a_field_cannot_be_a_value_and_a_branch(clash: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="contradicts"):
        fields.nested(clash)


def test_lists_are_joined_and_what_is_empty_is_left_out() -> None:
    tree = {"phones": [{"number": "1"}, {"number": "2"}, {"number": "1"}], "title": None, "disabled": False, "x": ""}
    assert fields.flat(tree) == {"phones.number": "1, 2", "disabled": "false"}
