"""A list of the simulated Salesforce, and what its administrator can look at."""

from collections.abc import Callable
from typing import Any

import pytest

from contactcenter.lists import imports, mapping
from contactcenter.models import CallingList, ListImport, ListRow
from integrations.providers.salesforce import Salesforce
from tests.factories import AgentFactory, CallingListFactory, ListRowFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor, simulators, vendor  # noqa: F401 - fixtures
from tests.integrations.providers.salesforce import Organisation, connect


@pytest.fixture
def salesforce(vendor: Callable[[str], Vendor], transactional_db: None) -> Vendor:  # noqa: F811 - the fixture above
    return vendor("salesforce")


@pytest.fixture
def organisation(salesforce: Vendor) -> Organisation:
    return Organisation(salesforce)


@pytest.fixture
def crm(organisation: Organisation) -> Salesforce:
    return connect()


@pytest.fixture
def service(db: None) -> Any:
    return ServiceFactory(name="Sales", code="sales")


@pytest.fixture
def agent(service: Any) -> Any:
    return AgentFactory(login="agent1", extension="201", state="READY", services=[service])


@pytest.fixture
def campaign(crm: Salesforce, service: Any) -> CallingList:
    """An empty list of the demo organisation."""
    made: CallingList = CallingListFactory(name="Spring", account=crm.account, service=service)
    return made


@pytest.fixture
def plain(service: Any) -> CallingList:
    """A list from files."""
    made: CallingList = CallingListFactory(name="From a file", service=service, region="US")
    return made


def begin(run: ListImport, **chosen: Any) -> ListImport:
    """Start a draft with the guessed mapping, or with this one."""
    wanted = mapping.FieldMapping(**chosen) if chosen else mapping.guess(run.columns)
    imports.start(run, wanted)
    return run


def finish(run: ListImport, turns: int = 50) -> ListImport:
    """Work as the workers do, until the run has ended; waits are over at once."""
    for _ in range(turns):
        ListImport.objects.filter(pk=run.pk).update(due_at="2026-01-01T00:00:00Z")
        imports.work(run.pk)
        run.refresh_from_db()
        if run.status != "open":
            return run
    raise AssertionError(f"not finished: {run.error or run.cursor}")


def import_campaign(
    calling_list: CallingList, organisation: Organisation, name: str = "Spring renewal calls"
) -> ListImport:
    found = organisation.id_of("Campaign", f"Name = '{name}'")
    return finish(begin(imports.draft_campaign(calling_list, found, name, "admin")))


def called(calling_list: CallingList, organisation: Organisation, count: int, **outcome: Any) -> list[ListRow]:
    """Rows for contacts of the large campaign, called already."""
    members = organisation.rows(
        f"SELECT Id, ContactId, CampaignId FROM CampaignMember WHERE Campaign.Name = 'Large campaign' LIMIT {count}"
    )
    values = {"state": "done", "attempts": 1, "called_at": "2026-01-15T09:00:00Z", "export_state": "waiting", **outcome}
    return [
        ListRowFactory(
            calling_list=calling_list, record_kind="Contact", record_id=member["ContactId"], member_id=member["Id"],
            campaign_id=member["CampaignId"], key=f"Contact:{member['ContactId']}", **values,
        )
        for member in members
    ]  # fmt: skip
