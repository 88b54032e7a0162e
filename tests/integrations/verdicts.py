"""`docs/verdicts.md`: what *Test connection* says to each fault, for each provider, as a run of the contract found it.

The page is written by that run (`WRITE_VERDICTS=1 pytest tests/integrations/test_provider_contract.py`) and compared
with it ever after: what an administrator reads there is what the software says."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from integrations.diagnosis.verdict import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
WRITING = bool(os.environ.get("WRITE_VERDICTS"))
HEAD = """# What *Test connection* says

Each fault was switched on at the simulator, the account was tested, and this is what came of it: how far the test came,
the cause, who has to act, and the next step. After the fault each account was tested again and was green.

The page is made by a run of the tests, which compare it with every later run:
`WRITE_VERDICTS=1 .venv/bin/python -m pytest tests/integrations/test_provider_contract.py`

"""
COLUMNS = "| Fault | Stage | Cause | Who acts | Next step |\n|---|---|---|---|---|\n"
ROW = re.compile(r"^\| (?P<fault>[^|]+) \| (?P<told>.+) \|$")
# How a fault of the simulators is called in the table.
NAMES = {
    "bad_credentials": "wrong credentials",
    "expired_token": "expired token",
    "revoked_token": "revoked token",
    "missing_permission": "missing permission",
    "rate_limit": "rate limit",
    "server_error": "server error",
    "hang": "no answer",
    "slow": "slow answer",
    "reset": "connection reset",
    "half_close": "half-open connection",
    "html": "a web page instead of data",
    "truncated": "broken JSON",
    "wrong_shape": "other data than documented",
    "certificate": "changed certificate",
}


@dataclass(frozen=True, order=True)
class Key:
    case: str
    fault: str


_found: dict[Key, str] = {}


def key_of(case: str, fault: str, path: str) -> Key:
    return Key(case, NAMES[fault] + (f" at `{path}`" if path else ""))


def line_of(verdict: Verdict) -> str:
    stage = verdict.stage.value if verdict.stage else ""
    step = verdict.next_step.replace("|", "\\|").replace("\n", " ")
    return f"{stage} | `{verdict.cause.value}` | {verdict.who} | {step}"


def check(case: str, fault: str, path: str, verdict: Verdict) -> None:
    """Compare one verdict with the page, or keep it for writing."""
    key, line = key_of(case, fault, path), line_of(verdict)
    if WRITING:
        _found[key] = line
        return
    stored = load().get(key)
    assert stored == line, f"docs/verdicts.md says of {key}: {stored!r}. It is now: {line!r}. {__doc__}"


def load() -> dict[Key, str]:
    found: dict[Key, str] = {}
    case = ""
    for line in PAGE.read_text().splitlines() if PAGE.exists() else []:
        if line.startswith("## "):
            case = line[3:]
        elif (row := ROW.match(line)) and case and not line.startswith(("| Fault", "|---")):
            found[Key(case, row["fault"])] = row["told"]
    return found


def write() -> None:
    """Put what this run found into the page; what it did not try stays as it was, if its case still exists."""
    from tests.integrations.cases import CASES

    rows = {key: line for key, line in {**load(), **_found}.items() if key.case in CASES}
    parts = [HEAD]
    for case in sorted(CASES):
        mine = [f"| {key.fault} | {line} |\n" for key, line in sorted(rows.items()) if key.case == case]
        parts.append(f"## {case}\n\n{COLUMNS}{''.join(mine)}\n")
    PAGE.write_text("".join(parts).rstrip() + "\n")
