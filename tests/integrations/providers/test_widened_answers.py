"""CRMs that answer more than they were asked: nobody with another number becomes the caller, in none of them.

The wire is faked: each look-up gets every kind of wrong row (another area, an equal ending, another country, a part of
the number, no phone at all), as an instance gives that ignores a term, takes a wildcard, or searches by parts."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.capabilities import PeopleDirectory
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
ASKED = "+14155550132"
WRONG = (
    "+1 212 555 0132", "555-0132", "0132", "+49 415 5550132", "+1 415 555 01322", "415 555 0133", "", None, "call me",
    "14155550132999", "x132", "+1 415 555", "+44 20 7946 0132", "%", "*", "5550132",
)  # fmt: skip
RIGHT = ("(415) 555-0132", "+1 415 555 0132 ext. 22", "001 415 555 0132")


def servicenow(numbers: Any) -> list[dict[str, Any]]:
    return [
        {"sys_id": f"{n:032x}", "name": f"{v}", "active": "true", "phone": v or "", "email": ""} for n, v in numbers
    ]


def salesforce(numbers: Any) -> list[dict[str, Any]]:
    kind = {"attributes": {"type": "Contact"}}
    return [{**kind, "Id": f"003{n:012}", "Name": f"{v}", "Phone": v} for n, v in numbers]


def osvc(numbers: Any) -> list[dict[str, str]]:
    names = ("lookupName", "name.first", "name.last", "title")
    return [{"id": str(n), **dict.fromkeys(names, str(v)), "phones.number": v or ""} for n, v in numbers]


def zendesk(numbers: Any) -> list[dict[str, Any]]:
    return [{"id": n, "name": f"{v}", "role": "end-user", "active": True, "phone": v} for n, v in numbers]


CRMS: dict[str, Callable[[Any], list[Any]]] = {
    "servicenow": servicenow,
    "salesforce": salesforce,
    "oracle_service_cloud": osvc,
    "rightnow": osvc,
    "zendesk": zendesk,
}


class Answer:
    """What Salesforce's search answers through `call`."""

    status_code = 200
    headers = {"Content-Type": "application/json"}

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def json(self) -> Any:
        return {"searchRecords": self.rows, "records": self.rows}


def asked(key: str, numbers: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch, received: str = ASKED) -> list[str]:
    crm: Any = AccountFactory(provider=key, properties={"default_country": "US"}).connect()
    rows = CRMS[key](list(enumerate(numbers, start=1)))
    monkeypatch.setattr(type(crm), "rows", lambda self, *args, **options: iter(rows))
    if key == "salesforce":
        monkeypatch.setattr(type(crm), "call", lambda self, *args, **options: Answer(rows))
    if key == "zendesk":
        monkeypatch.setattr(type(crm), "_has_other", lambda self, row, number, region: False)
    assert isinstance(crm, PeopleDirectory)
    return [person.ref.id for person in crm.find_by_phone(ASKED, received).people]


@pytest.mark.parametrize("key", CRMS)
def test_no_row_with_another_number_is_the_caller(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(key, WRONG, monkeypatch) == []


@pytest.mark.parametrize("key", CRMS)
def test_among_a_widened_answer_the_right_rows_are_found(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(asked(key, (*WRONG, *RIGHT), monkeypatch)) == len(RIGHT)


@pytest.mark.parametrize("key", CRMS)
def test_another_extension_of_the_switchboard_is_not_the_caller(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = ("415-555-0132 x13", "415-555-0132 x12")
    [found] = asked(key, numbers, monkeypatch, f"tel:{ASKED};ext=12")
    assert found.endswith("2")
