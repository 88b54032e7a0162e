"""The mapping table of one account as a CSV file, out and in.

Columns: `agent` (our user name), `crm_user_id`, and for the reader `name`, `email`, `employee_id`, `crm_user_name`.
On the way in only the first two count. An empty `crm_user_id` changes nothing, a minus sign takes the agent out of the
table. Either the whole file is taken over or nothing of it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction

from integrations.models import IntegrationAccount

from ..models import Agent, AgentCrmUser

COLUMNS = ("agent", "crm_user_id", "name", "email", "employee_id", "crm_user_name")
REMOVE = "-"
LONGEST_ID = 80
MOST_ROWS = 50_000
MOST_BYTES = 5_000_000
MOST_ERRORS = 100
# A spreadsheet would run what begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Taken:
    """What an import did: how many rows were set and removed; `errors`: (number of the line, sentence)."""

    saved: int = 0
    removed: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


def export(account: IntegrationAccount) -> Iterator[str]:
    """The file line by line: every agent, with the CRM's user where the table has one."""
    table = {row.agent_id: row for row in AgentCrmUser.objects.filter(account=account)}
    yield _line(COLUMNS)
    for agent in Agent.objects.filter(user__is_active=True).select_related("user").order_by("user__username"):
        row = table.get(agent.pk)
        user_id, name = (row.vendor_id, row.vendor_name) if row else ("", "")
        yield _line((agent.login, user_id, str(agent), agent.user.email, agent.employee_id, name))


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{value}" if value.startswith(FORMULA) else value for value in values])
    return out.getvalue()


def take_in(account: IntegrationAccount, content: bytes) -> Taken:
    """Read a file as `export` writes it. With an error nothing is saved, and every error is told with its line."""
    taken = Taken()
    wanted = dict(_read(content, taken))
    if taken.errors:
        return taken
    with transaction.atomic():
        mine = AgentCrmUser.objects.filter(account=account)
        taken.removed = mine.filter(agent__in=[pk for pk, user_id in wanted.items() if user_id == REMOVE]).delete()[0]
        kept = dict(mine.values_list("agent", "vendor_id"))
        rows = [
            AgentCrmUser(agent_id=pk, account=account, vendor_id=user_id)
            for pk, user_id in wanted.items()
            if user_id != REMOVE and kept.get(pk) != user_id
        ]
        AgentCrmUser.objects.bulk_create(
            rows, batch_size=1000, update_conflicts=True, unique_fields=["agent", "account"],
            update_fields=["vendor_id", "vendor_name"],
        )  # fmt: skip
        taken.saved = len(rows)
    return taken


def _read(content: bytes, taken: Taken) -> Iterator[tuple[int, str]]:
    """Agent's key and the CRM's user for each line that says something."""
    rows = _rows(content, taken)
    agents = {login.casefold(): pk for pk, login in Agent.objects.values_list("pk", "user__username")}
    lines_of: dict[int, int] = {}
    for number, row in rows:
        login, user_id = (_cell(row.get(name)) for name in ("agent", "crm_user_id"))
        if not user_id or len(taken.errors) >= MOST_ERRORS:
            continue
        agent = agents.get(login.casefold())
        problem = _problem(login, user_id, agent, lines_of)
        if problem or agent is None:
            taken.errors.append((number, problem))
            continue
        lines_of[agent] = number
        yield agent, user_id


def _problem(login: str, user_id: str, agent: int | None, lines_of: dict[int, int]) -> str:
    if not login:
        return "The column agent is empty. It must hold the user name of an agent."
    if agent is None:
        return f'There is no agent with the user name "{login[:80]}". Correct it, or delete the line.'
    if agent in lines_of:
        return f'"{login[:80]}" is in line {lines_of[agent]} already. Keep one of the two.'
    if len(user_id) > LONGEST_ID:
        return f"The crm_user_id is longer than {LONGEST_ID} characters. Copy it from the CRM again."
    return ""


def _rows(content: bytes, taken: Taken) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # what spreadsheets save as "CSV" on Windows
    text = text.lstrip("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text.replace("\0", "")), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    missing = [name for name in ("agent", "crm_user_id") if name not in (reader.fieldnames or ())]
    if missing:
        told = " and ".join(missing)
        taken.errors.append((1, f"The first line must name the columns; missing: {told}. Export the table to see how."))
        return
    try:
        for row in reader:
            if reader.line_num > MOST_ROWS:
                taken.errors.append((reader.line_num, f"The file has more than {MOST_ROWS} lines. Split it."))
                return
            yield reader.line_num, row
    except csv.Error as error:
        taken.errors.append((reader.line_num, f"This line cannot be read as CSV ({error})."))


def _cell(value: str | None) -> str:
    """Without blanks, and without the mark that `export` puts before what a spreadsheet would run."""
    text = (value or "").strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
