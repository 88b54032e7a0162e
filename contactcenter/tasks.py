"""What the workers do: each task is one line that calls the module whose work it is.

Arguments are keys of rows, never the work itself: a task may come twice, late or not at all, and the row says what is
still to do. The modules are imported inside, because they send tasks themselves."""

import logging
from collections.abc import Callable

from django.utils import timezone

from .celery import app

logger = logging.getLogger(__name__)
# Five gigabytes over a slow line, or hours of speech.
RECORDING_SECONDS = 4 * 3600


@app.task
def advance_run(run_id: int) -> None:
    """Go on with a scenario."""
    from .scenarios import engine

    engine.advance(run_id)


@app.task
def deliver_record(record_key: str) -> None:
    """Send what waits in the outbox for one record of a CRM, in order."""
    from . import activities

    activities.deliver_record(record_key)


@app.task
def try_account(account_id: int) -> None:
    """Ask a vendor that did not answer whether it is back."""
    from .outbox import account_tries

    account_tries.try_account(account_id)


@app.task
def push_feed(account_id: int) -> None:
    """Send one picture of all agents and services to a workforce system."""
    from .feeds import dispatch

    dispatch.push(account_id)


@app.task
def send_keep_alive(account_id: int) -> None:
    """Show a recorder that the way is open."""
    from .recorders import queue

    queue.keep_alive(account_id)


@app.task
def push_recording(account_id: int) -> None:
    """Send what waits in a recorder's queue, in order."""
    from .recorders import queue

    queue.push(account_id)


@app.task
def close_recording(account_id: int) -> None:
    """Tell a recorder that its account was switched off."""
    from .recorders import queue

    queue.close(account_id)


@app.task(soft_time_limit=RECORDING_SECONDS - 60, time_limit=RECORDING_SECONDS)
def bring_recording_on(recording_id: int) -> None:
    """Fetch, store, transcribe or delete a recording. A long one takes its time."""
    from .recordings import work

    work.bring_on(recording_id)


@app.task
def record_simulated_call(interaction_id: int) -> None:
    """Have a recording of a simulated call, as a telephone system makes one."""
    from .recordings import simulated

    simulated.record(interaction_id)


@app.task
def send_chat(chat_id: int) -> None:
    """Send what agents wrote in a chat, in order."""
    from .chats import sending as chat_sending

    chat_sending.send(chat_id)


@app.task
def send_mail(mail_id: int) -> None:
    """Send a mail of a scenario."""
    from . import mails

    mails.send(mail_id)


@app.task
def fetch_chat_files(message_id: int) -> None:
    """Fetch the pictures and files of a customer's message."""
    from .chats import files

    files.fetch_all(message_id)


@app.task
def read_mood(message_id: int) -> None:
    """Ask the sentiment account how the customer feels who wrote this."""
    from .chats import mood

    mood.read(message_id)


@app.task
def suggest_answers(chat_id: int) -> None:
    """Ask the bot what could be answered in a chat."""
    from .chats import suggestions

    suggestions.suggest(chat_id)


@app.task
def answer_by_bot(chat_id: int) -> None:
    """Let the chat bot of a service answer a customer."""
    from .chats import bot

    bot.answer(chat_id)


@app.task
def look_up_caller(interaction_id: int) -> None:
    """Ask caller-data systems about a number that nobody here knows."""
    from .callers import caller_data

    caller_data.look_up(interaction_id)


@app.task
def work_on_agent_checks() -> None:
    """Every few seconds, and when somebody asks: look which user of each CRM our agents are, and tell what changed."""
    from .agents_in_crm import checks, reports

    run_each({"checks of agents": checks.work, "reports about agents": reports.tell})


@app.task
def ask_for_agent_checks() -> None:
    """Every ten minutes: begin today's checks of agents that are not begun."""
    from .agents_in_crm import checks

    checks.ask_daily()


@app.task
def display_record(interaction_id: int, agent_id: int, url: str) -> None:
    """Have a record opened in the browser of an agent whose desktop stands alone."""
    from . import displays

    displays.show(interaction_id, agent_id, url)


@app.task
def send_presence(account_id: int) -> None:
    """Tell a CRM the statuses of agents who changed here."""
    from .presence import sending

    sending.send(account_id)


@app.task
def watch_presence(pk: int) -> None:
    """Ask a CRM for the statuses of our agents."""
    from .presence import watching

    watching.watch(pk)


@app.task
def work_on_list_import(pk: int) -> None:
    """Bring an import into a calling list on."""
    from .lists import imports

    imports.work(pk)


@app.task
def work_on_list_export(pk: int) -> None:
    """Bring an export of a calling list's results on."""
    from .lists import exports

    exports.work(pk)


@app.task
def work_on_reports() -> None:
    """Every minute, and when somebody asks: make the reports that are due, and deliver them."""
    from .nudge import nudge
    from .reports import delivery, runs, schedule

    run_each({"the schedule of reports": schedule.work, "reports": runs.work, "report deliveries": delivery.work})
    if runs.waiting().exists() or delivery.waiting().exists():
        nudge(work_on_reports)  # there is more than one turn could do


@app.task
def tell_of_feeds() -> None:
    """Every few seconds: tell administrators which feed fails, and which works again."""
    from .feeds import alerts

    alerts.tell()


@app.task
def sweep() -> None:
    """Every second: what is due here, and what a lost message left behind."""
    from . import activities, agents, mails, routing, telephony
    from .chats import bot
    from .chats import sending as chat_sending
    from .lists import dialling, exports, runs
    from .models import Heartbeat
    from .presence import sending, watching
    from .recordings import work as recordings
    from .scenarios import engine

    now = timezone.now()
    Heartbeat.leave("scheduler")
    run_each(
        {
            "silent desktops": lambda: agents.part_with_silent(now),
            "ringing calls": lambda: routing.expire_ringing(now),
            "after-call work": lambda: routing.finish_overdue_wrap_up(now),
            "waiting calls": lambda: routing.offer_waiting(now),
            "simulated calls": lambda: telephony.tick(now),
            "scenarios": engine.sweep,
            "the outbox": activities.deliver_due,
            "chats": chat_sending.send_due,
            "customers whom a bot answers": bot.answer_due,
            "silent chats with bots": lambda: bot.end_silent(now),
            "mails": mails.send_due,
            "recordings": recordings.send_due,
            "presence to CRMs": sending.send_due,
            "presence in CRMs": watching.watch_due,
            "rows that nobody dialled": lambda: dialling.expire(now),
            "exports by the clock": lambda: exports.ask_due(now),
            "imports and exports of lists": runs.send_due,
        }
    )


@app.task
def housekeeping() -> None:
    """Every hour: forget what nobody needs any more."""
    from . import events, messages
    from .agents_in_crm import checks
    from .chats import files
    from .feeds import alerts, changes, history
    from .lists import imports
    from .recordings import deleting, spool
    from .recordings import work as recordings
    from .reports import runs

    run_each(
        {
            "agent events": events.prune,
            "internal messages": messages.prune,
            "files of chats": files.prune,
            "recordings that are old enough": deleting.retire,
            "recordings that wait for a storage": recordings.store_those_kept_here,
            "files of recordings": spool.prune,
            "agent checks": checks.prune,
            "imports into lists": imports.prune,
            "minutes of feeds": history.prune,
            "news of feeds": alerts.prune,
            "numbers of state changes": changes.prune,
            "reports": runs.prune,
        }
    )


def run_each(parts: dict[str, Callable[[], object]]) -> None:
    """Run every part, whatever happens to the others; a part that breaks is logged with its traceback."""
    for name, part in parts.items():
        try:
            part()
        except Exception:
            logger.exception("Could not do what is due for %s; it is tried again at the next turn.", name)
