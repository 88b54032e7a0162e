"""Exports: each call once at Salesforce, statuses of members, what is refused, and going on after a crash."""

from collections.abc import Callable
from typing import Any

import pytest

from contactcenter.errors import NotPossible
from contactcenter.lists import exports, runs
from contactcenter.models import CallingList, ListExport, ListRow, OutboxEntry
from integrations.providers.salesforce import Salesforce
from integrations.providers.salesforce.bulk import Bulk
from integrations.providers.salesforce.results import Results
from tests.factories import AgentFactory, DispositionFactory, InteractionFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import Organisation

from .conftest import called


class Crash(Exception):
    """Stands for a process that was killed."""


@pytest.fixture
def resolved(db: None) -> Any:
    return DispositionFactory(name="Resolved", code="resolved")


@pytest.fixture
def rows(campaign: CallingList, salesforce: Vendor, organisation: Organisation, resolved: Any) -> list[ListRow]:
    """Five people who were called, and what the outcome means for the campaign."""
    salesforce.settings(campaign_members=5, bulk_polls=0)
    campaign.statuses = {"resolved": "Called", "": "Not Reached"}
    campaign.save()
    agent = AgentFactory(login="agent2")
    return called(campaign, organisation, 5, disposition=resolved, agent=agent, reached=True, talk_seconds=75)


def finish(run: ListExport, turns: int = 60) -> ListExport:
    """Work as the workers do, until the run has ended; waits are over at once, leases of the dead have run out."""
    for _ in range(turns):
        ListExport.objects.filter(pk=run.pk).update(
            due_at="2026-01-01T00:00:00Z", leased_until=None, lease_owner=""
        )  # fmt: skip
        exports.work(run.pk)
        run.refresh_from_db()
        if run.status != "open":
            return run
    raise AssertionError(f"not finished: {run.error or run.job}")


def tasks(organisation: Organisation) -> list[dict[str, Any]]:
    fields = "Id, Subject, WhoId, WhatId, CallObject, CallDisposition, CallDurationInSeconds, CallType, OwnerId, Status"
    return organisation.rows(f"SELECT {fields} FROM Task WHERE CallType = 'Outbound'")


def statuses(organisation: Organisation) -> set[str]:
    members = organisation.rows("SELECT Status FROM CampaignMember WHERE Campaign.Name = 'Large campaign'")
    return {member["Status"] for member in members}


def states(calling_list: CallingList) -> list[str]:
    return list(calling_list.rows.order_by("id").values_list("export_state", flat=True))


# -- the usual case


def test_each_call_becomes_a_task_and_each_member_gets_a_status(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    run = finish(exports.ask(campaign, "admin"))
    assert (run.status, run.total, run.written, run.statuses_set, run.failed) == ("done", 5, 5, 5, 0)
    written = tasks(organisation)
    assert {task["WhoId"] for task in written} == {row.record_id for row in rows}
    first = next(task for task in written if task["WhoId"] == rows[0].record_id)
    owner = organisation.id_of("User", "Username = 'agent2@demo.example'")
    assert first["CallObject"] == rows[0].result_key and first["WhatId"] == rows[0].campaign_id
    assert (first["CallDisposition"], first["CallDurationInSeconds"], first["Status"]) == ("Resolved", 75, "Completed")
    assert first["OwnerId"] == owner
    assert statuses(organisation) == {"Called"}
    assert states(campaign) == ["done"] * 5


def test_the_next_export_takes_only_what_is_new(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    finish(exports.ask(campaign, "admin"))
    with pytest.raises(NotPossible, match="There is nothing to export"):
        exports.ask(campaign, "admin")
    campaign.rows.filter(pk=rows[0].pk).update(attempts=2, export_state="waiting", result_id="")
    run = finish(exports.ask(campaign, "admin"))
    assert (run.total, run.written) == (1, 1)
    assert len(tasks(organisation)) == 6  # a second call is a second task


def test_who_was_not_reached_gets_the_status_for_that(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    campaign.rows.update(disposition=None, reached=False)
    finish(exports.ask(campaign, "admin"))
    assert statuses(organisation) == {"Not Reached"}
    assert {task["CallDisposition"] for task in tasks(organisation)} == {"Not reached"}


def test_a_call_that_the_outbox_writes_into_the_history_is_not_written_twice(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    interaction = InteractionFactory(direction="outbound")
    OutboxEntry.objects.create(
        idempotency_key="k", account=campaign.account, interaction=interaction, record_key="r", operation="activity",
        due_at="2026-01-15T09:00:00Z",
    )  # fmt: skip
    campaign.rows.filter(pk=rows[0].pk).update(interaction=interaction)
    run = finish(exports.ask(campaign, "admin"))
    assert (run.written, run.statuses_set) == (4, 5)
    assert rows[0].record_id not in {task["WhoId"] for task in tasks(organisation)}


# -- once, whatever dies when


def kill_at(run: ListExport, method: str, *, after: bool, turns: int = 20) -> bool:
    """Work until the worker is killed just before (or after) a request of this kind; False when there is none."""
    real: Callable[..., Any] = getattr(Salesforce, method)

    def dies(self: Any, *given: Any, **more: Any) -> Any:
        if after:
            real(self, *given, **more)
        raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Salesforce, method, dies)
        patch.setattr(runs, "_one", lambda run, owner, step: step(run, owner))
        patch.setattr(runs.leases, "release", lambda *given: None)  # the dead let nothing go
        for _ in range(turns):
            ListExport.objects.filter(pk=run.pk).update(due_at="2026-01-01T00:00:00Z", leased_until=None)
            try:
                exports.work(run.pk)
            except Crash:
                return True
    return False


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["push", "set_statuses", "find_results"])
def test_a_worker_killed_at_any_request_writes_every_call_once(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation, monkeypatch: Any, method: str, after: bool
) -> None:
    monkeypatch.setattr(Results, "batch_size", 2)
    run = exports.ask(campaign, "admin")
    if method == "find_results":
        assert kill_at(run, "push", after=True)
    assert kill_at(run, method, after=after)
    finish(run)
    assert_written_once(run, rows, organisation)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("about", ["results", "statuses"])
@pytest.mark.parametrize("method", ["open_job", "upload", "move_job", "job_state", "job_outcomes"])
def test_a_bulk_job_killed_at_any_request_writes_every_call_once(
    campaign: CallingList,
    rows: list[ListRow],
    organisation: Organisation,
    monkeypatch: Any,
    about: str,
    method: str,
    after: bool,
) -> None:
    monkeypatch.setattr(Bulk, "bulk_above", 3)
    monkeypatch.setattr(Results, "batch_size", 2)
    run = exports.ask(campaign, "admin")
    assert run.bulk
    if about == "statuses":
        assert kill_at(run, "member_statuses", after=True)
    assert kill_at(run, method, after=after)
    finish(run)
    assert run.job == ""
    assert_written_once(run, rows, organisation)


def assert_written_once(run: ListExport, rows: list[ListRow], organisation: Organisation) -> None:
    assert (run.status, run.failed) == ("done", 0)
    keys = [task["CallObject"] for task in tasks(organisation)]
    assert sorted(keys) == sorted(row.result_key for row in rows)
    assert states(run.calling_list) == ["done"] * 5 and statuses(organisation) == {"Called"}


def test_an_answer_that_never_came_is_looked_for_before_anything_is_sent_again(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation, salesforce: Vendor
) -> None:
    run = exports.ask(campaign, "admin")
    salesforce.fault("truncated", path="/services/data/v60.0/composite/sobjects", times=1)
    exports.work(run.pk)
    run.refresh_from_db()
    assert states(campaign) == ["sending"] * 5 and run.error
    runs.go_on(run)
    finish(run)
    assert run.status == "done" and len(tasks(organisation)) == 5
    assert (run.written, states(campaign)) == (5, ["done"] * 5)


def test_results_are_looked_for_only_after_a_request_in_flight_has_settled(
    campaign: CallingList, rows: list[ListRow], salesforce: Vendor, organisation: Organisation
) -> None:
    run = exports.ask(campaign, "admin")
    salesforce.fault("reset", path="/services/data/v60.0/composite/sobjects", times=1)
    exports.work(run.pk)
    run.refresh_from_db()
    assert run.status == "open" and (run.due_at - run.moved_at).total_seconds() > runs.SETTLING_SECONDS - 2
    finish(run)
    assert len(tasks(organisation)) == 5


# -- what is refused


def test_a_refused_row_keeps_salesforces_words_and_is_tried_again_only_when_asked(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    organisation.call("DELETE", f"/sobjects/Contact/{rows[1].record_id}")
    run = finish(exports.ask(campaign, "admin"))
    assert (run.status, run.written, run.failed) == ("done", 4, 1)
    refused = ListRow.objects.get(pk=rows[1].pk)
    assert refused.export_state == "failed"
    assert refused.export_error == "invalid cross reference id (INVALID_CROSS_REFERENCE_KEY)"
    with pytest.raises(NotPossible, match="There is nothing to export"):
        exports.ask(campaign, "admin")
    again = organisation.insert("Contact", LastName="Back again")
    ListRow.objects.filter(pk=refused.pk).update(record_id=again)
    run = finish(exports.ask(campaign, "admin", failed=True))
    assert (run.total, run.written, run.failed) == (1, 1, 0)
    assert ListRow.objects.get(pk=refused.pk).export_error == ""


def test_bulk_rows_are_refused_one_by_one_too(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Bulk, "bulk_above", 3)
    organisation.call("DELETE", f"/sobjects/Contact/{rows[1].record_id}")
    run = finish(exports.ask(campaign, "admin"))
    assert (run.status, run.bulk, run.written, run.failed) == ("done", True, 4, 1)
    assert "INVALID_CROSS_REFERENCE_KEY" in ListRow.objects.get(pk=rows[1].pk).export_error


def test_a_status_that_the_campaign_does_not_have_is_refused_before_salesforce_replaces_it(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    campaign.statuses = {"resolved": "Bought"}
    campaign.save()
    run = finish(exports.ask(campaign, "admin"))
    assert (run.written, run.statuses_set, run.failed) == (5, 0, 5)
    assert statuses(organisation) == {"Sent"}
    error = ListRow.objects.get(pk=rows[0].pk).export_error
    assert error.startswith("The campaign has no status “Bought”. It has: Sent, Responded, Called")
    campaign.statuses = {"resolved": "Responded"}
    campaign.save()
    run = finish(exports.ask(campaign, "admin", failed=True))
    assert (run.statuses_set, run.failed) == (5, 0)
    assert statuses(organisation) == {"Responded"} and len(tasks(organisation)) == 5  # no second task


# -- asking, stopping, the clock


def test_a_second_export_is_refused_while_one_runs_or_needs_a_person(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    run = exports.ask(campaign, "admin")
    with pytest.raises(NotPossible, match="An export of this list is under way"):
        exports.ask(campaign, "admin")
    ListExport.objects.filter(pk=run.pk).update(status="stuck")
    with pytest.raises(NotPossible, match="The last export needs attention"):
        exports.ask(campaign, "admin")
    run.refresh_from_db()
    assert runs.go_on(run)
    assert finish(run).status == "done"


def test_what_a_stopped_export_had_not_sent_waits_for_the_next_one(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    run = exports.ask(campaign, "admin")
    assert kill_at(run, "push", after=True)
    exports.stop(run)
    assert states(campaign) == ["sending"] * 5  # perhaps written: the next one looks
    run = finish(exports.ask(campaign, "admin"))
    assert run.status == "done" and len(tasks(organisation)) == 5


def test_an_export_is_not_stopped_while_salesforce_works_on_its_job(
    campaign: CallingList, rows: list[ListRow], salesforce: Vendor, monkeypatch: Any, organisation: Organisation
) -> None:
    monkeypatch.setattr(Bulk, "bulk_above", 3)
    run = exports.ask(campaign, "admin")
    exports.work(run.pk)
    run.refresh_from_db()
    assert run.job
    with pytest.raises(NotPossible, match="is working on these rows already"):
        exports.stop(run)
    assert finish(run).status == "done"


def test_a_list_exports_by_the_clock_when_told_to(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    assert exports.ask_due() == 0  # off by default
    campaign.export_minutes = 30
    campaign.save()
    assert exports.ask_due() == 0  # not before the time has passed
    CallingList.objects.update(export_due_at="2026-01-15T09:00:00Z")
    assert exports.ask_due() == 1
    run = finish(ListExport.objects.get())
    assert (run.automatic, run.written) == (True, 5)
    campaign.refresh_from_db()
    assert campaign.export_due_at > run.created_at
    CallingList.objects.update(export_due_at="2026-01-15T09:00:00Z")
    assert exports.ask_due() == 0  # nothing new: no empty runs


def test_a_row_that_is_being_called_again_waits_for_its_new_outcome(
    campaign: CallingList, rows: list[ListRow], organisation: Organisation
) -> None:
    run = exports.ask(campaign, "admin")
    campaign.rows.filter(pk=rows[0].pk).update(state="in_use")
    finish(run)
    assert (run.status, run.written) == ("done", 4)
    assert ListRow.objects.get(pk=rows[0].pk).export_state == "waiting"


@pytest.mark.django_db
def test_a_list_without_an_account_says_so(plain: CallingList) -> None:
    with pytest.raises(NotPossible, match="This list has no account to write results to"):
        exports.ask(plain, "admin")
