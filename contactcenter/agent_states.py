"""The table of agent states: what may follow what, and why.

Pure data. `contactcenter.agents` carries it out; administrators know the rules from the agent guide."""

from enum import StrEnum

from .models import AgentState


class Trigger(StrEnum):
    LOG_IN = "log_in"
    LOG_IN_READY = "log_in_ready"
    LOG_OUT = "log_out"
    CHOOSE_READY = "choose_ready"
    CHOOSE_NOT_READY = "choose_not_ready"
    CHOOSE_SUPERVISING = "choose_supervising"
    CONNECTION_LOST = "connection_lost"
    RING = "ring"
    DIAL = "dial"
    ANSWER = "answer"
    NO_ANSWER = "no_answer"
    REJECT = "reject"
    WITHDRAW = "withdraw"  # the call is gone: hung up, transferred, or taken by somebody else
    RELEASE = "release"
    COMPLETE = "complete"


# Two targets that are not states: back to what the agent chose meanwhile (else Ready), and "after the present work".
RESUME = "resume"
LATER = "later"

_S, _T = AgentState, Trigger
FREE = (_S.READY, _S.NOT_READY, _S.SUPERVISING)
WORKING = (_S.RINGING, _S.BUSY, _S.ACW)
CHOICES: dict[str, Trigger] = {
    _S.READY: _T.CHOOSE_READY,
    _S.NOT_READY: _T.CHOOSE_NOT_READY,
    _S.SUPERVISING: _T.CHOOSE_SUPERVISING,
}
# What a trigger asks for; where work is under way it becomes the next state.
ASKS_FOR: dict[Trigger, AgentState] = {
    **{trigger: AgentState(state) for state, trigger in CHOICES.items()},
    _T.LOG_OUT: _S.LOGGED_OUT,
    _T.CONNECTION_LOST: _S.NOT_READY,
}

TRANSITIONS: dict[tuple[str, str], str] = {
    (_S.LOGGED_OUT, _T.LOG_IN): _S.NOT_READY,
    (_S.LOGGED_OUT, _T.LOG_IN_READY): _S.READY,
    **{(state, trigger): target for state in FREE for trigger, target in ASKS_FOR.items()},
    **{(state, trigger): LATER for state in WORKING for trigger in ASKS_FOR},
    **{(state, _T.DIAL): _S.BUSY for state in FREE},
    # An answer that nobody announced: the platform rang the agent's phone on its own account.
    **{(state, _T.ANSWER): _S.BUSY for state in FREE},
    (_S.READY, _T.RING): _S.RINGING,
    (_S.RINGING, _T.ANSWER): _S.BUSY,
    (_S.RINGING, _T.NO_ANSWER): _S.NOT_READY,
    (_S.RINGING, _T.REJECT): RESUME,
    (_S.RINGING, _T.WITHDRAW): RESUME,
    (_S.BUSY, _T.WITHDRAW): RESUME,
    (_S.BUSY, _T.RELEASE): _S.ACW,
    (_S.ACW, _T.COMPLETE): RESUME,
}

NO_ANSWER, CONNECTION_LOST, PENDING_LOGOUT = "no_answer", "connection_lost", "pending_logout"
SYSTEM_REASONS = {
    NO_ANSWER: "No answer",
    CONNECTION_LOST: "Connection lost",
    PENDING_LOGOUT: "Pending logout",
}
SYSTEM_REASON_OF: dict[str, str] = {
    _T.NO_ANSWER: NO_ANSWER,
    _T.CONNECTION_LOST: CONNECTION_LOST,
    _T.LOG_OUT: PENDING_LOGOUT,
}
# Becoming Ready by these, an agent is offered again what they declined before.
FRESH_START = (_T.LOG_IN_READY, _T.CHOOSE_READY, _T.COMPLETE)
