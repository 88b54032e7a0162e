"""The mapping table as a CSV file: what went out comes in again, and a mistake changes nothing."""

import csv
import io
from typing import Any

import pytest

from contactcenter.agents_in_crm import table as agent_table
from contactcenter.models import AgentCrmUser
from tests.factories import AccountFactory, AgentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Any:
    AgentFactory(login="agent1")
    AgentFactory(login="agent2", employee_id="=cmd()")
    return AccountFactory(name="CRM")


def table(account: Any) -> dict[str, str]:
    return dict(AgentCrmUser.objects.filter(account=account).values_list("agent__user__username", "vendor_id"))


def take(account: Any, text: str) -> agent_table.Taken:
    return agent_table.take_in(account, text.encode())


def test_what_was_exported_is_filled_in_and_imported(account: Any) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(agent_table.export(account)))))
    assert [(row["agent"], row["crm_user_id"]) for row in rows] == [("agent1", ""), ("agent2", "")]
    assert rows[1]["employee_id"] == "'=cmd()"  # a spreadsheet shows it and runs nothing
    taken = take(account, "agent,crm_user_id\nagent1,u1\nagent2,\n")
    assert (taken.saved, taken.removed, taken.errors, table(account)) == (1, 0, [], {"agent1": "u1"})
    again = take(account, "".join(agent_table.export(account)))
    assert (again.saved, again.errors, table(account)) == (0, [], {"agent1": "u1"})


def test_a_minus_sign_takes_an_agent_out(account: Any) -> None:
    take(account, "agent,crm_user_id\nagent1,u1\nAGENT2,u2\n")
    taken = take(account, "agent;crm_user_id\r\nagent1;-\r\n")
    assert (taken.removed, table(account)) == (1, {"agent2": "u2"})


def test_every_wrong_line_is_named_and_nothing_is_saved_until_all_are_right(account: Any) -> None:
    taken = take(account, f"agent,crm_user_id\nagent1,u1\nnobody,u2\n,u3\nagent1,u4\nagent2,{'x' * 81}\n")
    assert [line for line, _ in taken.errors] == [3, 4, 5, 6]
    assert "no agent" in taken.errors[0][1] and "line 2 already" in taken.errors[2][1]
    assert table(account) == {}
    assert take(account, "agent,crm_user_id\nagent1,u1\n").errors == []
    assert table(account) == {"agent1": "u1"}


@pytest.mark.parametrize(
    "content", [b"", b"name,id\na,b\n", b"\x00\x01\x02", b"\xff\xfe\x00", b'"', b'agent,crm_user_id\n"agent1']
)
def test_what_is_no_table_is_refused_or_does_nothing(account: Any, content: bytes) -> None:
    agent_table.take_in(account, content)
    assert table(account) == {}


def test_a_table_that_excel_saved_is_read(account: Any) -> None:
    assert (
        agent_table.take_in(account, "\ufeffagent;crm_user_id;name\r\nagent1;u1;Jörg\r\n".encode("utf-8-sig")).saved
        == 1
    )
