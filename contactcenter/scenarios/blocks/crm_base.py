"""Blocks that work with a CRM, whichever it is. A vendor's blocks are thin subclasses (`servicenow`).

A CRM never keeps a caller waiting: each step has five seconds, an account that did not answer is not asked again before
the call rings, and every failure takes the Failed exit with `$(integrationResultCode)` and `$(integrationResultBody)`
filled. What is written goes through the outbox: what fails now is sent later, in order, while the call goes on."""

from abc import abstractmethod
from typing import Any, ClassVar

from django.utils import timezone

from contactcenter import activities
from contactcenter.crm_access import LIVE_SECONDS, NotConfigured, connect, note_health
from contactcenter.models import OutboxEntry
from contactcenter.outbox import breakers, entries
from contactcenter.outbox.breakers import Pass
from contactcenter.outbox.delivery import live_lease
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import AccountField, BlockSettings
from integrations import catalogue, deadlines
from integrations.diagnosis import health
from integrations.errors import IntegrationError, Rejected
from integrations.fields import SecretUnreadable
from integrations.models import ApiCall, IntegrationAccount
from integrations.wire import wirelog
from integrations.wire.redaction import mask

from .base import FAILED, NEXT, Block, Busy

BODY_SHOWN = 4000
Status = OutboxEntry.Status


class CrmBlock(Block):
    """Finds the account, keeps to the time limit, and turns every failure into the Failed exit."""

    exits = {NEXT: "Next", FAILED: "Failed"}

    # The exchanges of this step, as the wire log has them.
    overheard: list[ApiCall]

    class Settings(BlockSettings):
        account = AccountField()

    def run(self, context: Context) -> str:
        try:
            name = context.settings["account"] or context.memory.selected_account(self.account_type)
            account = context.accounts.named(name, self.account_type)
            context.outcome["account"] = account.name
            connect(account)  # says in words what is wrong with the account
            self.check_type(account)
        except (NotConfigured, SecretUnreadable) as error:
            self.note_failure(context, str(error))
            raise CannotRun(str(error)) from error
        with wirelog.overheard() as self.overheard:
            return self.act(context, account)

    def check_type(self, account: IntegrationAccount) -> None:
        if account.type != self.account_type:
            wanted = catalogue.BY_KEY[self.account_type].label
            raise NotConfigured(f'The account "{account.name}" is not one of {wanted}, which this step is for.')

    @abstractmethod
    def act(self, context: Context, account: IntegrationAccount) -> str:
        """Do the work with this account; the exit."""

    def failed(self, context: Context, account: IntegrationAccount, error: IntegrationError) -> CannotRun:
        """Note a vendor's failure; the exception to raise."""
        note_health(account, error)
        if not isinstance(error, Rejected):
            context.memory.note_away(account.pk)
        answer = {"status": error.status, "body": error.vendor_message}
        self.note_failure(context, str(error), account=account, answer=answer)
        return CannotRun(str(error))

    def note_failure(
        self,
        context: Context,
        error: str,
        *,
        account: IntegrationAccount | None = None,
        answer: dict[str, Any] | None = None,
        attempt: int = 1,
    ) -> None:
        """Keep for the Log block and in the variables what is known about the failure."""
        seen = self.note_answer(context, account, answer or {})
        table = context.resolved.get("object_type", "")
        context.memory.note_failure({"step": context.title, "table": table, "error": error, "attempt": attempt, **seen})

    def note_answer(
        self, context: Context, account: IntegrationAccount | None, answer: dict[str, Any]
    ) -> dict[str, Any]:
        """Fill the two result variables: from the wire log, where the answer stands masked and capped."""
        call = self.last_call(context, account) if account else None
        status = answer.get("status") or (call.status if call else None)
        body = (call.response_body if call else "") or str(answer.get("body") or "")
        if account:
            body = mask(body, account.secret_values())
        context.set_result(status, body[:BODY_SHOWN])
        return {"status": status, "body": body[:BODY_SHOWN]}

    def last_call(self, context: Context, account: IntegrationAccount) -> ApiCall | None:
        """The interaction's latest exchange with the account: one of this step, else from the wire log."""
        interaction = str(context.interaction.public_id)
        mine = (row for row in self.overheard if (row.account_id, row.interaction) == (account.pk, interaction))
        kept = ApiCall.objects.filter(interaction=interaction, account=account).order_by("-pk")
        return max(mine, key=lambda row: row.pk, default=None) or kept.first()

    def skip_if_away(self, context: Context, account: IntegrationAccount) -> None:
        """While the caller waits, an account that is known to be away, or has just failed, is not asked."""
        if is_away(context, account):
            raise CannotRun(self.why_not_now(context, account))

    def why_not_now(self, context: Context, account: IntegrationAccount) -> str:
        shut = breakers.find_open(account)
        if shut is not None:
            return f"{breakers.in_words(shut)} It is not asked while the call waits."
        if context.memory.is_away(account.pk):
            return f"{account.name} has just failed and is not asked again before the call rings."
        return "What was written before about this call is still on its way."


def is_away(context: Context, account: IntegrationAccount) -> bool:
    """Whether this run saw the account fail, or all workers know that it is away."""
    return context.memory.is_away(account.pk) or breakers.known(account) is not None


class CrmReader(CrmBlock):
    """Asks the CRM within the call's wire log."""

    def act(self, context: Context, account: IntegrationAccount) -> str:
        try:
            self.skip_if_away(context, account)
        except CannotRun as reason:
            self.note_failure(context, str(reason))
            raise
        given = Pass(account, timezone.now())
        try:
            with wirelog.for_interaction(context.interaction.public_id), deadlines.within(LIVE_SECONDS):
                taken = self.ask(context, account, connect(account))
        except IntegrationError as error:
            breakers.failed(given, error, record=activities.record_key(account, context.interaction))
            self.gave_up(context, account, error)
            raise self.failed(context, account, error) from error
        health.succeeded(account)
        breakers.succeeded(given)
        self.note_answer(context, account, {})
        return taken

    @abstractmethod
    def ask(self, context: Context, account: IntegrationAccount, provider: Any) -> str:
        """The vendor's part of the work; the exit. Raises `IntegrationError`."""

    def gave_up(self, context: Context, account: IntegrationAccount, error: IntegrationError) -> None:
        """What a failure means beyond the Failed exit."""


class CrmWriter(CrmBlock):
    """Writes through the outbox: the row first, then one attempt while the call waits, the rest by workers."""

    exits = {NEXT: "Next", FAILED: "Failed"}
    operation: ClassVar[str]

    def write(self, context: Context, account: IntegrationAccount, payload: dict[str, Any]) -> OutboxEntry:
        """Put the entry into the outbox and try it. The entry tells what came of it. Raises `Busy`."""
        away = is_away(context, account)
        lease = None if away else live_lease()
        entry = activities.submit(
            account=account,
            interaction=context.interaction,
            record_key=activities.record_key(account, context.interaction),
            operation=self.operation,
            payload=payload,
            key=context.key,
            lease=lease,
        )
        if lease:
            entry = activities.deliver(entry, live=True, owner=lease["lease_owner"])
        if entry.status in entries.OPEN and entries.is_busy(entry):
            raise Busy(context.title)
        context.outcome |= {"entry": entry.pk, "status": entry.status, **{"result": entry.result}}
        self.note_answer(context, account, {} if away else entry.result.get("error", {}))
        return entry

    def check(self, context: Context, account: IntegrationAccount, entry: OutboxEntry) -> None:
        """Raise `CannotRun` unless the entry was sent. It is kept: later is better than never."""
        if entry.status == Status.DONE:
            return
        if entry.status == Status.STUCK:
            error = f"{account.name} refused it, and it needs attention in the outbox: {entry.last_error}"
        else:
            reason = entry.last_error or self.why_not_now(context, account)
            if entry.last_cause:
                context.memory.note_away(account.pk)
            error = f"{reason} It is saved and will be sent later."
        answer = entry.result.get("error", {})
        seen = {"status": answer.get("status"), "body": answer.get("message")}
        self.note_failure(context, error, account=account, answer=seen, attempt=entry.attempts)
        raise CannotRun(error)
