"""What an agent's page can order, by name. The rules are in `contactcenter.desk` and `contactcenter.agents`."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from contactcenter import agents, desk, knowledge, messages, transfers
from contactcenter.chats import conversation
from contactcenter.lists import dialling
from contactcenter.models import Agent
from contactcenter.presence import watching
from integrations.capabilities import Crm, RecordRef

Body = Mapping[str, Any]
RECORD_KIND = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,79}$")
RECORD_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class BadCommand(Exception):
    """The page sent something that no version of it should send."""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


def _text(body: Body, name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise BadCommand(_('The command needs "%(name)s" as text.') % {"name": name}, field=name)
    return value.replace("\0", "").strip()  # no text column of PostgreSQL holds that character


def _number(body: Body, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadCommand(_('The command needs "%(name)s" as a whole number.') % {"name": name}, field=name)
    return value


def _state(agent: Agent, body: Body) -> None:
    agents.choose(agent, _text(body, "state"), _text(body, "reason", ""))


def _dial(agent: Agent, body: Body) -> None:
    record = clicked_record(agent, body.get("record"))
    desk.dial(agent, _text(body, "number"), _text(body, "service", ""), record=record)


def clicked_record(agent: Agent, told: Any) -> dict[str, str] | None:
    """The record beside the number that was clicked in the page around us; None where it names none we can trust."""
    if not isinstance(told, dict) or agent.host_account is None:
        return None
    kind, record_id, title = (str(told.get(name, "")) for name in ("kind", "id", "title"))
    provider = agent.host_account.connect()
    if not (RECORD_KIND.match(kind) and RECORD_ID.match(record_id) and isinstance(provider, Crm)):
        return None
    url = provider.record_url(RecordRef(kind, record_id))
    return {
        "account": str(agent.host_account.public_id),
        "kind": kind,
        "id": record_id,
        "title": title[:200],
        "url": url,
    }


def _transfer(agent: Agent, body: Body) -> str:
    """Exactly one of `colleague` (a login), `service` (a code) and `number` says to whom."""
    to = {name: _text(body, name, "") for name in ("colleague", "service", "number")}
    return transfers.transfer(agent, _text(body, "interaction"), **to)


def _wrap_up(agent: Agent, body: Body) -> None:
    desk.save_wrap_up(agent, _text(body, "interaction"), _text(body, "disposition", ""), _text(body, "notes", ""))


def _complete(agent: Agent, body: Body) -> None:
    desk.complete(agent, _text(body, "interaction"), _text(body, "disposition", ""), _text(body, "notes", ""))


def _choose_caller(agent: Agent, body: Body) -> None:
    desk.choose_caller(agent, _text(body, "interaction"), _number(body, "index"))


def _reject_caller(agent: Agent, body: Body) -> None:
    desk.reject_caller(agent, _text(body, "interaction"))


def _simulate_call(agent: Agent, body: Body) -> None:
    desk.simulate_call(agent, _text(body, "from", ""), _text(body, "service", ""))


def _type_digits(agent: Agent, body: Body) -> None:
    desk.type_digits(agent, _text(body, "interaction"), _text(body, "digits", ""))


def _write_message(agent: Agent, body: Body) -> str:
    return messages.write(agent, _text(body, "to"), _key(body), _text(body, "text", ""))


def _dismiss_message(agent: Agent, body: Body) -> None:
    messages.dismiss(agent, _number(body, "message"))


def _key(body: Body) -> uuid.UUID:
    """What makes two sendings of one message the same."""
    try:
        return uuid.UUID(_text(body, "key"))
    except ValueError:
        raise BadCommand(_('The command needs "%(name)s" as a UUID.') % {"name": "key"}, field="key") from None


def _say(agent: Agent, body: Body) -> None:
    text, picture = _text(body, "text", ""), _text(body, "picture", "")
    conversation.say(agent, _text(body, "interaction"), _key(body), text, picture)


def _say_again(agent: Agent, body: Body) -> None:
    conversation.say_again(agent, _text(body, "interaction"), _number(body, "message"))


def _submit_topic(agent: Agent, body: Body) -> str:
    return knowledge.submit(agent, _text(body, "title", ""), _text(body, "text", ""))


def _list_next(agent: Agent, body: Body) -> None:
    dialling.next_row(agent, _number(body, "list"))


def _list_give_back(agent: Agent, body: Body) -> None:
    dialling.give_back(agent)


def _list_dial(agent: Agent, body: Body) -> None:
    dialling.dial(agent, _number(body, "row"))


def _of_interaction(act: Callable[[Agent, str], Any]) -> Callable[[Agent, Body], None]:
    def run(agent: Agent, body: Body) -> None:
        act(agent, _text(body, "interaction"))

    return run


def _presence_changed(agent: Agent, body: Body) -> None:
    """The page around us says so; what the presence is now, the CRM itself is asked."""
    watching.look_soon(agent)


# A command may answer with a sentence for the agent.
COMMANDS: dict[str, Callable[[Agent, Body], str | None]] = {
    "state": _state,
    "accept": _of_interaction(desk.accept),
    "reject": _of_interaction(desk.reject),
    "hold": _of_interaction(desk.hold),
    "resume": _of_interaction(desk.resume),
    "end": _of_interaction(desk.end),
    "transfer": _transfer,
    "dial": _dial,
    "wrap_up": _wrap_up,
    "complete": _complete,
    "choose_caller": _choose_caller,
    "reject_caller": _reject_caller,
    "say": _say,
    "submit_topic": _submit_topic,
    "say_again": _say_again,
    "simulate_call": _simulate_call,
    "type_digits": _type_digits,
    "write_message": _write_message,
    "dismiss_message": _dismiss_message,
    "list_next": _list_next,
    "list_give_back": _list_give_back,
    "list_dial": _list_dial,
    "presence_changed": _presence_changed,
}
