"""Blocks that ask a bot. What it answers goes into variables; nothing is sent to the customer by itself."""

import json
from typing import Any

from django import forms

from contactcenter.crm_access import NotConfigured, account_for
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import AccountField, BlockSettings, NameField, TemplateField
from contactcenter.scenarios.values import recordset
from integrations import deadlines
from integrations.capabilities import BotAnswer, BotContext, ChatBot
from integrations.catalogue import BOT
from integrations.diagnosis import health
from integrations.errors import Cause, IntegrationError, Rejected
from integrations.fields import SecretUnreadable
from integrations.models import ApiCall, IntegrationAccount
from integrations.wire import wirelog

from .base import FAILED, NEXT, NO_DATA, Block
from .crm_account import CrmSelectAccount

TIMEOUT = "timeout"
LONGEST_SECONDS = 5
RAW_KEPT = 8_000


class ChatBotSelectAccount(CrmSelectAccount):
    kind = "chat_bot_select_account"
    label = "Chat Bot Select Account"
    description = "Chooses the bot that later Ask a Bot blocks use, whatever account they name themselves."
    account_type = BOT.key


class AskBot(Block):
    """Each account has one conversation per call or chat; what the bot wants back each time is kept for it."""

    kind = "ask_a_bot"
    label = "Ask a Bot"
    description = "Asks a bot what it would answer, and keeps its answers in variables."
    exits = {NEXT: "Next", TIMEOUT: "Timeout", FAILED: "Failed", NO_DATA: "No data"}
    conditional = (TIMEOUT, FAILED, NO_DATA)

    class Settings(BlockSettings):
        account = AccountField(
            help_text=(
                "Name of a bot account. Chat Bot Select Account goes before it. Empty: the one of the service, else "
                "the default."
            )
        )
        message = TemplateField(
            label="Message",
            initial="$(item.message)",
            help_text="What the bot is asked: $(item.message), $(item.transcript), or any text with variables.",
        )
        responses = NameField(
            label="Variable for responses",
            required=False,
            help_text="Receives the list of answers: $(name.text) is the best one. Get Next Record moves on.",
        )
        raw = NameField(
            label="Variable for the raw JSON", required=False, help_text="Receives the bot's answer as it came."
        )
        seconds = forms.IntegerField(
            label="Timeout",
            min_value=1,
            max_value=LONGEST_SECONDS,
            help_text=f"Seconds, from 1 to {LONGEST_SECONDS}. The customer waits that long at the most.",
        )

    def run(self, context: Context) -> str:
        account = _account(context)
        context.outcome["account"] = account.name
        message = context.text("message").strip()
        if not message:
            context.outcome["note"] = "There is nothing to ask."
            return self.keep(context, account, BotAnswer())
        asked = BotContext(str(context.interaction.public_id), context.memory.bot_state(account.pk))
        try:
            bot = account.connect()
            with wirelog.for_interaction(context.interaction.public_id), deadlines.within(context.settings["seconds"]):
                answer = bot.suggest(message, asked)
        except (LookupError, SecretUnreadable) as error:
            raise CannotRun(str(error)) from error
        except IntegrationError as error:
            return self.failed(context, account, error)
        health.succeeded(account)
        return self.keep(context, account, answer)

    def failed(self, context: Context, account: IntegrationAccount, error: IntegrationError) -> str:
        context.set_result(error.status, error.vendor_message)
        if not isinstance(error, Rejected):
            health.failed(account, error)
        if error.cause == Cause.TIMEOUT:
            context.outcome["note"] = str(error)
            return TIMEOUT
        raise error

    def keep(self, context: Context, account: IntegrationAccount, answer: BotAnswer) -> str:
        said = [{"text": each.text, "confidence": _sure(each.confidence)} for each in answer.suggestions]
        context.set(context.settings["responses"], recordset(said, len(said)))
        context.set(context.settings["raw"], _raw(context, account, said, hand_over=answer.hand_over) if said else "")
        context.memory.note_bot_state(account.pk, answer.state)
        context.outcome |= {"answers": said, "hand_over": answer.hand_over}
        return NEXT if said else NO_DATA


def _account(context: Context) -> IntegrationAccount:
    """The chosen one, the block's, the service's, the default one. Raises `CannotRun`."""
    service = context.interaction.service
    name = context.memory.selected_account(BOT.key) or str(context.settings["account"])
    try:
        engine = service.suggestion_engine if service and not name else None
        account = engine or account_for(name, BOT.key)
        usable = account.enabled and issubclass(account.provider_class, ChatBot)
    except (NotConfigured, LookupError) as error:
        raise CannotRun(str(error)) from error
    if not usable:
        raise CannotRun(f'The account "{account.name}" is switched off, or is no bot.')
    return account


def _raw(context: Context, account: IntegrationAccount, said: list[dict[str, str]], *, hand_over: bool) -> str:
    """The answer as the wire log has it, secrets masked; where it was too long for the log, what we read from it."""
    mine = ApiCall.objects.filter(interaction=str(context.interaction.public_id), account=account)
    last = mine.order_by("-pk").values_list("response_body", flat=True).first() or ""
    if last and not wirelog.is_partial(last):
        return last[:RAW_KEPT]
    return json.dumps({"responses": said, "hand_over": hand_over}, ensure_ascii=False)


def _sure(confidence: Any) -> str:
    return "" if confidence is None else str(confidence)
