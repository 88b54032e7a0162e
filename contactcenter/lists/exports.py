"""Exports: what came of the calls goes back to the CRM, each call once.

A row goes QUEUED -> SENDING -> WRITTEN -> DONE. SENDING is stored before the request leaves; whoever finds a row in it
and no answer looks for our key at the CRM first. A status is set after that; repeating that does no harm. A row that
the CRM refuses keeps its words and is tried again only when a person asks.

Above 2,000 rows a job of the CRM's does the work. Its id is stored before anything is sent to it; a job that is found
open is given up, one that was sent is watched to its end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from contactcenter.crm_access import NotConfigured, connect, crm_user_of
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, CallingList, ListExport, ListRow
from integrations.capabilities import BulkResults, CallResult, CampaignResults, JobState, MemberStatus, RowOutcome
from integrations.errors import Cause, Rejected

from . import results, runs
from .runs import Status

Export, State = ListRow.Export, ListRow.State
LOOK_ROWS = 1000
STORE_ROWS = 1000
POLL_SECONDS = 5.0
STATUSES_SECONDS = 300
MOST_JOB_TEXT = 8_000_000  # characters of notes in one job: 100 MB are allowed, memory is ours
RESULTS, STATUSES = "results", "statuses"
UNSETTLED = (Export.SENDING, Export.WRITTEN)


# -- asking for one


def ask(calling_list: CallingList, by: str, *, failed: bool = False, automatic: bool = False) -> ListExport:
    """Export what was not exported yet; with `failed` also what was refused. Raises `NotPossible`."""
    if calling_list.account is None:
        raise NotPossible("This list has no account to write results to. Choose one on the list's page.")
    if calling_list.exports.filter(status=Status.STUCK).exists():
        raise NotPossible("The last export needs attention. Open it, then let it go on or stop it.")
    try:
        with transaction.atomic():
            run = ListExport.objects.create(
                calling_list=calling_list, asked_by=by, status=Status.OPEN, automatic=automatic
            )
            run.total = _take_rows(run, failed=failed)
            if not run.total:
                raise NotPossible("There is nothing to export: no call has ended since the last export.")
            run.bulk = run.total > _bulk_above(calling_list)
            run.save(update_fields=["total", "bulk"])
    except IntegrityError:
        raise NotPossible("An export of this list is under way. It takes new results along the next time.") from None
    runs.send_soon(ListExport, run.pk)
    return run


def _take_rows(run: ListExport, *, failed: bool) -> int:
    rows = ListRow.objects.filter(calling_list_id=run.calling_list_id)
    wanted = (Export.WAITING, Export.FAILED) if failed else (Export.WAITING,)
    left_behind = rows.filter(export_state__in=UNSETTLED).update(export=run)
    return left_behind + rows.filter(export_state__in=wanted).update(export_state=Export.QUEUED, export=run)


def _bulk_above(calling_list: CallingList) -> float:
    kind: Any = calling_list.account.provider_class if calling_list.account else None
    return kind.bulk_above if isinstance(kind, type) and issubclass(kind, BulkResults) else float("inf")


def ask_due(now: Any = None) -> int:
    """Lists that are exported by the clock. Called every second; returns how many exports began."""
    moment, begun = now or timezone.now(), 0
    for due in CallingList.objects.filter(export_due_at__lte=moment, enabled=True).select_related("account")[:20]:
        later = moment + timedelta(minutes=due.export_minutes or 60)
        mine = CallingList.objects.filter(pk=due.pk, export_due_at=due.export_due_at).update(export_due_at=later)
        if mine and due.rows.filter(export_state=Export.WAITING).exists():
            try:
                ask(due, "", automatic=True)
                begun += 1
            except NotPossible:
                continue  # one is under way or needs a person: the page of the list says so
    return begun


def stop(run: ListExport) -> None:
    """Give an export up. What was not sent waits for the next one. Raises `NotPossible` during a job."""
    if run.job:
        raise NotPossible("The CRM is working on these rows already. Wait until it has answered.")
    with transaction.atomic():
        if runs.stop(run):
            _let_go(run)


def _let_go(run: ListExport) -> None:
    run.rows.filter(export_state=Export.QUEUED).update(export_state=Export.WAITING, export=None)


# -- doing it


def work(pk: int) -> ListExport | None:
    """Bring an export on for a while. What a worker calls."""
    run = ListExport.objects.select_related("calling_list__account").filter(pk=pk).first()
    return runs.drive(run, step) if run else None


def step(run: ListExport, owner: str) -> float | None:
    """The next thing to do, whatever happened before."""
    provider = _provider(run.calling_list)
    if run.job:
        return _watch(run, owner, provider)
    for act in (_look, _write, _set_statuses):
        wait = act(run, owner, provider)
        if wait is not None:
            runs.note_success(run)
            return wait
    with transaction.atomic():
        runs.finish(run, owner)
        _let_go(run)  # somebody is calling them again at this moment
    return None


def _provider(calling_list: CallingList) -> Any:
    if calling_list.account is None:
        raise NotConfigured("The list has no account any more. Choose one on the list's page.")
    provider = connect(calling_list.account)
    if not isinstance(provider, CampaignResults):
        raise NotConfigured(f"“{calling_list.account.name}” takes no results of calls. Choose a Salesforce account.")
    return provider


def _rows(run: ListExport, state: str, most: int) -> list[ListRow]:
    found = run.rows.filter(export_state=state).order_by("id")
    return list(found.select_related("calling_list", "disposition", "agent__user")[:most])


def _look(run: ListExport, owner: str, provider: Any) -> float | None:
    """Rows whose request left and whose outcome nobody has stored: written, or to be sent again."""
    unknown = _rows(run, Export.SENDING, LOOK_ROWS)
    if not unknown:
        return None
    found = provider.find_results([row.result_key for row in unknown])
    with transaction.atomic():
        here = [row for row in unknown if row.result_key in found]
        for row in here:
            row.export_state, row.result_id = Export.WRITTEN, found[row.result_key]
        ListRow.objects.bulk_update(here, ["export_state", "result_id"])
        missing = [row.pk for row in unknown if row.result_key not in found]
        ListRow.objects.filter(pk__in=missing, export_state=Export.SENDING).update(export_state=Export.QUEUED)
        runs.save(run, owner, written=run.written + len(here))
    return 0


# -- results


def _write(run: ListExport, owner: str, provider: Any) -> float | None:
    most = provider.bulk_size if run.bulk else provider.batch_size
    ready = run.rows.filter(export_state=Export.QUEUED).exclude(state=State.IN_USE)
    rows = list(ready.order_by("id").select_related("calling_list", "disposition", "agent__user")[:most])
    if not rows:
        return None
    done_before = [row.pk for row in rows if row.result_id or results.is_written_elsewhere(row)]
    if done_before:
        ListRow.objects.filter(pk__in=done_before, export_state=Export.QUEUED).update(export_state=Export.WRITTEN)
        return 0
    rows = _within(rows, MOST_JOB_TEXT)
    calls = _results(run, provider, rows)
    if run.bulk:
        return _begin(run, owner, provider, RESULTS, calls, rows)
    with transaction.atomic():
        runs.save(run, owner)
        _mark_sending(rows)
    _store_results(run, owner, provider.push(calls))
    return 0


def _within(rows: list[ListRow], most: int) -> list[ListRow]:
    """The first rows whose notes do not become too much together; one at least."""
    size = 0
    for number, row in enumerate(rows):
        size += len(row.notes) + 500
        if size > most and number:
            return rows[:number]
    return rows


def _results(run: ListExport, provider: Any, rows: Sequence[ListRow]) -> list[CallResult]:
    owners: dict[int, str] = {}
    for row in rows:
        if row.agent is not None and row.agent.pk not in owners:
            owners[row.agent.pk] = _owner(row.agent, run, provider)
    return [results.call_result(row, owners.get(row.agent_id or 0, "")) for row in rows]


def _owner(agent: Agent, run: ListExport, provider: Any) -> str:
    account = run.calling_list.account
    return crm_user_of(agent, account, provider) if account is not None else ""


def _mark_sending(rows: Iterable[ListRow]) -> None:
    pks = [row.pk for row in rows]
    ListRow.objects.filter(pk__in=pks, export_state=Export.QUEUED).update(export_state=Export.SENDING)


def _store_results(run: ListExport, owner: str, outcomes: Iterable[RowOutcome]) -> None:
    by_key = {outcome.key: outcome for outcome in outcomes}
    pks = [key.rpartition("-")[0].rpartition("-")[2] for key in by_key]
    rows = run.rows.filter(pk__in=[pk for pk in pks if pk.isdigit()], export_state=Export.SENDING)
    counts: Counter[str] = Counter()
    with transaction.atomic():
        runs.save(run, owner)
        told = [row for row in rows.select_related("calling_list") if row.result_key in by_key]
        for row in told:
            outcome = by_key[row.result_key]
            row.result_id, row.export_error = outcome.id, outcome.error
            row.export_state = Export.FAILED if outcome.error else Export.WRITTEN
            counts[row.export_state] += 1
        ListRow.objects.bulk_update(told, ["result_id", "export_error", "export_state"], batch_size=500)
        written, failed = counts[Export.WRITTEN], counts[Export.FAILED]
        runs.save(run, owner, written=run.written + written, failed=run.failed + failed)


# -- statuses of campaign members


def _set_statuses(run: ListExport, owner: str, provider: Any) -> float | None:
    rows = _rows(run, Export.WRITTEN, provider.bulk_size if run.bulk else provider.batch_size)
    if not rows:
        return None
    changes = [row for row in rows if results.status_of(row)]
    refused = {row.pk: words for row in changes if (words := _unknown_status(row, provider))}
    finished = [row.pk for row in rows if not results.status_of(row)]
    if refused or finished:
        _settle(run, owner, finished, refused)
        return 0
    wanted = [MemberStatus(row.member_id, results.status_of(row)) for row in changes]
    if run.bulk and len(changes) > provider.batch_size:
        return _begin(run, owner, provider, STATUSES, wanted, [])
    _store_statuses(run, owner, provider.set_statuses(wanted[: provider.batch_size]))
    return 0


def _unknown_status(row: ListRow, provider: Any) -> str:
    """A sentence where the campaign does not have the status. Salesforce would set another one and say nothing."""
    if not row.campaign_id:
        return ""
    known = _statuses_of(row.calling_list, row.campaign_id, provider)
    wanted = results.status_of(row)
    if wanted in known:
        return ""
    return f"The campaign has no status “{wanted}”. It has: {', '.join(known)}. Correct the statuses of the list."


def _statuses_of(calling_list: CallingList, campaign: str, provider: Any) -> tuple[str, ...]:
    key = f"member-statuses:{calling_list.account_id}:{campaign}"
    known: tuple[str, ...] | None = cache.get(key)
    if known is None:
        known = provider.member_statuses(campaign)
        cache.set(key, known, STATUSES_SECONDS)
    return known


def _settle(run: ListExport, owner: str, finished: Sequence[int], refused: dict[int, str]) -> None:
    with transaction.atomic():
        runs.save(run, owner, failed=run.failed + len(refused))
        run.rows.filter(pk__in=finished).update(export_state=Export.DONE, export_error="")
        for pk, words in refused.items():
            run.rows.filter(pk=pk).update(export_state=Export.FAILED, export_error=words)


def _store_statuses(run: ListExport, owner: str, outcomes: Iterable[RowOutcome]) -> None:
    by_member = {outcome.key: outcome.error for outcome in outcomes}
    rows = run.rows.filter(member_id__in=by_member, export_state=Export.WRITTEN)
    counts: Counter[str] = Counter()
    with transaction.atomic():
        runs.save(run, owner)
        told = list(rows)
        for row in told:
            row.export_error = by_member[row.member_id]
            row.export_state = Export.FAILED if row.export_error else Export.DONE
            counts[row.export_state] += 1
        ListRow.objects.bulk_update(told, ["export_error", "export_state"], batch_size=500)
        set_, failed = counts[Export.DONE], counts[Export.FAILED]
        runs.save(run, owner, statuses_set=run.statuses_set + set_, failed=run.failed + failed)


# -- jobs


def _begin(
    run: ListExport, owner: str, provider: Any, about: str, wanted: Sequence[Any], rows: Sequence[ListRow]
) -> float:
    job = provider.open_job(wanted)
    with transaction.atomic():
        runs.save(run, owner, job=job, job_about=about)
        _mark_sending(rows)
    provider.send_job(job, wanted)
    return POLL_SECONDS


def _watch(run: ListExport, owner: str, provider: Any) -> float | None:
    try:
        state = provider.job_state(run.job)
        if state == JobState.RUNNING:
            return POLL_SECONDS
        if state == JobState.OPEN:
            # We died before it was sent, or while we sent it. Rows in SENDING are looked for after this.
            provider.abort_job(run.job)
        else:
            _take_outcomes(run, owner, provider)
    except Rejected as error:
        if error.cause != Cause.NOT_FOUND:
            raise
    runs.save(run, owner, job="", job_about="")
    runs.note_success(run)
    return 0


def _take_outcomes(run: ListExport, owner: str, provider: Any) -> None:
    """Store what became of each row. Done again after a crash: rows that are settled already are left alone."""
    store = _store_results if run.job_about == RESULTS else _store_statuses
    batch: list[RowOutcome] = []
    for outcome in provider.job_outcomes(run.job):
        batch.append(outcome)
        if len(batch) == STORE_ROWS:
            store(run, owner, batch)
            batch = []
    if batch:
        store(run, owner, batch)
