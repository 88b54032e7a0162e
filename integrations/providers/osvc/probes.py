"""What *Test connection* tries after name, TCP and TLS: who we are, and one row of what we use. It never writes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from integrations.diagnosis.doctor import Passed
from integrations.errors import Stage

from . import roql

if TYPE_CHECKING:
    from .service_cloud import ServiceCloud

NOT_TRIED = "Not tried, because a test must not write: rights to create and change contacts and incidents."


def probes(provider: "ServiceCloud", login: str) -> Iterator[Passed]:
    yield who_am_i(provider, login)
    for kind in (provider.CONTACTS, provider.INCIDENTS):
        yield readable(provider, kind)
    yield Passed(Stage.PERMISSION, NOT_TRIED)


def who_am_i(provider: "ServiceCloud", login: str) -> Passed:
    """The staff account behind our login; without a login (OAuth, session) any account proves that we were let in."""
    condition = roql.equal("login", login) if login else ""
    statement = roql.select(("id", "login", "displayName"), provider.ACCOUNTS, condition, 1)
    rows = provider.rows(statement, purpose="Who am I")
    if not login:
        return Passed(Stage.AUTHENTICATION, "The site accepts us and shows staff accounts")
    name = rows[0]["displayName"] if rows else ""
    identity = f"{name} ({login})" if name and name != login else login
    return Passed(Stage.AUTHENTICATION, f"Signed in as {identity}", identity=identity)


def readable(provider: "ServiceCloud", kind: str) -> Passed:
    rows = provider.rows(roql.select(("id",), kind, "", 1), purpose=f"May we read {kind}")
    return Passed(Stage.PERMISSION, f"{kind}: may be read" if rows else f"{kind}: empty, or not to be read")
