"""Presence in sentences: rules, what would happen, and where each agent stands."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from contactcenter.agent_states import WORKING
from contactcenter.models import Agent, AgentPresenceRow, AgentState, PresenceRule, PresenceSync
from contactcenter.presence import pace, rules
from contactcenter.presence.rules import Condition, Direction, Stand, stand_words


def sentence(rule: PresenceRule, sync: PresenceSync) -> str:
    """ "When an agent becomes Not ready (Lunch), the CRM gets Away." """
    status = sync.name_of(rule.their_status)
    ours = stand_words(rule.state, rule.reason) if rule.state else _("any state")
    came_from = stand_words(rule.from_state, rule.from_reason) if rule.from_state else ""
    condition = _condition(rule.condition)
    if rule.direction == Direction.OUT:
        if not rule.state and not came_from and rule.condition == Condition.ON_CALL:
            return _("While a call or chat rings, runs or is wrapped up, the CRM gets %s.") % status
        when = _("becomes %s") % ours + (_(" from %s") % came_from if came_from else "")
        words = {"when": when, "condition": condition, "status": status}
        return _("When an agent %(when)s%(condition)s, the CRM gets %(status)s.") % words
    when = _(" and the agent is %s") % came_from if came_from else ""
    words = {"status": status, "when": when, "condition": condition, "ours": ours}
    return _("When the CRM has %(status)s%(when)s%(condition)s, the agent becomes %(ours)s.") % words


def _condition(condition: str) -> str:
    if condition == Condition.ON_CALL:
        return _(" while a call or chat goes on")
    return _(" while no call or chat goes on") if condition == Condition.OFF_CALL else ""


def preview(sync: PresenceSync, agent: Agent, becomes: str) -> list[str]:
    """What would follow. `becomes`: "ours:<state>:<reason or empty>" or "theirs:<status>"."""
    side, _colon, rest = becomes.partition(":")
    row = AgentPresenceRow.objects.filter(account=sync.account_id, agent=agent).first()
    now = Stand(agent.state, agent.reason_id)
    if side == "theirs":
        return list(_from_them(sync, agent, row, rest, now))
    state, _colon, reason = rest.partition(":")
    return list(_from_us(sync, row, now, Stand(state, int(reason) if reason else None)))


def _from_us(sync: PresenceSync, row: AgentPresenceRow | None, before: Stand, after: Stand) -> Any:
    found = rules.out(rules.of_account(sync.account_id, Direction.OUT), before, after)
    if found is None:
        yield _("No rule fits: the CRM is told nothing.")
        return
    yield _("The CRM would get %s.") % sync.name_of(found.their_status)
    yield _("By the rule: %s") % sentence(found, sync)
    if row and row.seen == found.their_status and not row.wanted:
        yield _("It has that status already, so nothing would be sent.")


def _from_them(sync: PresenceSync, agent: Agent, row: AgentPresenceRow | None, status: str, now: Stand) -> Any:
    if row and row.seen == status:
        yield _("The CRM has that status already: nothing would change.")
        return
    found = rules.in_(rules.of_account(sync.account_id, Direction.IN), status, now)
    if found is None:
        yield _("No rule fits: nothing changes here.")
        return
    words = stand_words(found.state, found.reason)
    if agent.state == AgentState.LOGGED_OUT:
        yield _("%s is logged out here, so nothing would change.") % agent
        return
    if agent.state in WORKING:
        yield _("%(agent)s would become %(state)s when the present work is done.") % {"agent": agent, "state": words}
    else:
        yield _("%(agent)s would become %(state)s.") % {"agent": agent, "state": words}
    yield _("By the rule: %s") % sentence(found, sync)
    yield _("It is not sent back: the CRM keeps what it has.")


def standing(agent: Agent, row: AgentPresenceRow | None, sync: PresenceSync) -> dict[str, Any]:
    """One line of the agents' table."""
    ours = stand_words(agent.state, agent.reason)
    if agent.next_state:
        ours += _(", then %s") % stand_words(agent.next_state, agent.next_reason)
    word, tone = _word(row)
    return {
        "agent": agent,
        "ours": ours,
        "theirs": sync.name_of(row.seen) if row and row.seen else _("not known"),
        "wanted": sync.name_of(row.wanted) if row and row.wanted else "",
        "changed_at": row.changed_at if row else None,
        "from": {"ours": _("from here"), "theirs": _("from the CRM")}.get(row.origin, "") if row else "",
        "word": word,
        "tone": tone,
        "trouble": row.trouble if row else "",
        "held_until": row.held_until if row and pace.is_held(row, timezone.now()) else None,
    }


def _word(row: AgentPresenceRow | None) -> tuple[str, str]:
    if row is None:
        return _("Not seen yet"), "neutral"
    if pace.is_held(row, timezone.now()):
        return _("Held"), "warn"
    if row.trouble:
        return _("Trouble"), "bad"
    if row.wanted:
        return _("Being sent"), "info"
    return (_("Nothing waits"), "ok") if row.seen else (_("Not seen yet"), "neutral")
