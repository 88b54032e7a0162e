"""What *Test connection* tries on ServiceNow after name, TCP and TLS: who we are, and one row of every table we use.

It never writes. So rights to create and change cannot be tried; the test says so and names them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from integrations.diagnosis.doctor import Passed
from integrations.errors import AuthenticationFailed, Cause, Stage

from .answers import many_rows, table_name

if TYPE_CHECKING:
    from .tables import Tables

ME = "user_name=javascript:gs.getUserName()"
NEEDED_TO_WRITE = "interaction (create, write) and interaction_related_record (create)"


def probes(provider: "Tables") -> Iterator[Passed]:
    yield who_am_i(provider)
    for table in ("sys_user", str(provider.properties["related_table"])):
        yield readable(provider, table)
    yield interactions(provider)
    yield Passed(
        Stage.PERMISSION,
        f"Not tried, because a test must not write: rights to create and change. Needed are {NEEDED_TO_WRITE}.",
    )


def who_am_i(provider: "Tables") -> Passed:
    """The instance itself fills in the user that our credentials mean. Raises `AuthenticationFailed`."""
    rows = list(
        provider.rows("sys_user", ME, limit=1, fields=("sys_id", "user_name", "name", "email"), purpose="Who am I")
    )
    if not rows:
        raise AuthenticationFailed(
            "We are signed in, but may not read our own entry in sys_user.",
            cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, status=200,
        )  # fmt: skip
    user = rows[0].get("user_name", "")
    name = rows[0].get("name") or user
    identity = f"{name} ({user})" if user and user != name else name
    return Passed(Stage.AUTHENTICATION, f"Signed in as {identity}", identity=identity)


def readable(provider: "Tables", table: str) -> Passed:
    """One row of the table, or fifty where the first is hidden: the limit is applied before the access rules."""
    for limit in ("1", "50"):
        rows, total = sample(provider, table, limit)
        if rows:
            return Passed(Stage.PERMISSION, f"{table}: may be read")
        if not total:
            return Passed(Stage.PERMISSION, f"{table}: empty, or not to be read")
    raise AuthenticationFailed(
        f"The table {table} has {total} records, and the integration user may read none of the first fifty.",
        cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, status=200,
    )  # fmt: skip


def sample(provider: "Tables", table: str, limit: str) -> tuple[int, int]:
    """How many rows we are shown, and how many the table has."""
    parameters = {"sysparm_limit": limit, "sysparm_fields": "sys_id"}
    path = f"/api/now/table/{table_name(table)}"
    response = provider.http.get(path, params=parameters, purpose=f"May we read {table}")
    total = response.headers.get("X-Total-Count", "")
    return len(many_rows(response)), int(total) if total.isdigit() else 0


def interactions(provider: "Tables") -> Passed:
    """READ on interactions is not on the integration guide's list, so its absence is told and is no failure."""
    advice = "add read, or a person has to look after a crash whether a record was made"
    try:
        passed = readable(provider, "interaction")
    except AuthenticationFailed as error:
        if error.cause != Cause.NO_PERMISSION:
            raise
        return Passed(Stage.PERMISSION, f"interaction: exists, may not be read ({advice})")
    return passed if "may be read" in passed.text else Passed(passed.stage, f"{passed.text} ({advice})")
