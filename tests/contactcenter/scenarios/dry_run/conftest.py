"""What dry runs find set up here, and a look at every table."""

import hashlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from contactcenter.models import DryRun, ScenarioTest
from tests.contactcenter import flow
from tests.factories import AccountFactory, AgentFactory

OWN = {DryRun._meta.db_table, ScenarioTest._meta.db_table}
ACCOUNTS = ("servicenow", "salesforce", "zendesk", "rightnow", "oracle_service_cloud", "zapier", "bot_alterra")


@pytest.fixture
def centre(transactional_db: None) -> Any:
    """An account of every kind that blocks speak with, none of them simulated, with secrets that must not be seen."""
    for provider in ACCOUNTS:
        secrets = {"client_secret": "real-secret-of-ours", "password": "real-password-of-ours"}
        AccountFactory(
            name=provider,
            provider=provider,
            is_default=provider not in ("zapier", "bot_alterra"),
            simulated=False,
            secrets=secrets,
        )
    return AgentFactory(login="agent1", state="READY", services=[flow.service()])


def everything() -> dict[str, str]:
    """A mark of the content of every table, those of dry runs aside."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table not in OWN:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    assert len(found) >= len([m for m in apps.get_models() if m._meta.managed and not m._meta.proxy]) - len(OWN)
    return found
