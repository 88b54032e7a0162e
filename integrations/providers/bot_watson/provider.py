"""The account of a Watson bot.

v1 has no memory: the `context` of each answer goes back with the next message. v2 keeps it in a session, which ends by
itself after a time of silence; the message is then sent once more in a new one. Either lies in `BotContext.state`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from integrations import catalogue
from integrations.capabilities import BotAnswer, BotContext
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause, Rejected, Stage
from integrations.providers.bot import Bot
from integrations.providers.ibm import ADVICE as GENERAL
from integrations.providers.ibm import MANAGE, Watson
from integrations.vendor_json import object_of, text_of

from .answers import output_of, reply_of, suggestions_of, wants_a_person
from .properties import V2, VERSIONS, WatsonBotProperties

LONGEST_TEXT = 2048
ID_NAMES = ("workspace_id", "assistant_id", "environment_id")
ADVICE = {
    **GENERAL,
    Cause.NOT_FOUND: Advice(
        "IBM lets us in, but knows no such workspace, assistant or environment in this instance.",
        YOU,
        "Compare the Url and the IDs of the account with those that the assistant shows.",
        (
            MANAGE,
            "Copy URL from Credentials, with all that follows /instances/",
            "Launch, then View API details of the skill (v1) or Assistant settings (v2): copy the IDs",
        ),
    ),
    Cause.RATE_LIMITED: Advice(
        "Today's calls by Max API calls per day are used up, or IBM's own limit of the plan is reached: read which in "
        "the sentence above.",
        YOU,
        "Wait as long as told, or raise Max API calls per day, if the contract with IBM allows more.",
    ),
}


class WatsonBot(Bot, Watson):
    """One workspace (v1) or one environment of an assistant (v2)."""

    key = "bot_watson"
    label = "Watson Conversation"
    type = catalogue.BOT
    documentation_url = "https://cloud.ibm.com/apidocs/assistant-v2"
    service = "assistant"
    old_service = "conversation"
    advice = ADVICE
    Properties = WatsonBotProperties

    @property
    def uses_sessions(self) -> bool:
        return str(self.properties["api_generation"]) == V2

    @property
    def place(self) -> str:
        """The path of the workspace or of the environment, below the service's root."""
        ids = {name: quote(str(self.properties[name] or ""), safe="") for name in ID_NAMES}
        if self.uses_sessions:
            return f"/v2/assistants/{ids['assistant_id']}/environments/{ids['environment_id']}"
        return f"/v1/workspaces/{ids['workspace_id']}"

    def converse(self, text: str, context: BotContext) -> BotAnswer:
        words = " ".join(text.split())[:LONGEST_TEXT]  # IBM allows no line break and no tab
        answer, state = self._in_session(words, context) if self.uses_sessions else self._in_workspace(words, context)
        output = output_of(answer)
        return BotAnswer(suggestions_of(answer), state, hand_over=wants_a_person(output), reply=reply_of(output))

    def probes(self) -> Iterator[Passed]:
        """Reads what the workspace, or the environment, is called. That is no message and costs nothing."""
        found = object_of(self.http.get(self.place, params=self._version, purpose="Test connection", retry=0), "IBM")
        name = text_of(found.get("name"))
        if not name:
            raise Rejected("The answer holds no name.", cause=Cause.REMOTE_ERROR)
        kind = "Environment" if self.uses_sessions else "Workspace"
        yield Passed(Stage.PERMISSION, f"{kind} “{name}” may be used", identity=name)

    # -- one message

    def _in_workspace(self, text: str, context: BotContext) -> tuple[dict[str, Any], dict[str, Any]]:
        known = context.state.get("context")
        body = {"input": {"text": text}, **({"context": known} if isinstance(known, dict) else {})}
        answer = self._post(f"{self.place}/message", body, purpose="Message")
        return answer, {"context": answer.get("context") or {}}

    def _in_session(self, text: str, context: BotContext) -> tuple[dict[str, Any], dict[str, Any]]:
        session = text_of(context.state.get("session_id"))
        if session:
            try:
                return self._say(text, session, context), {"session_id": session}
            except Rejected as error:
                if error.cause is not Cause.NOT_FOUND:
                    raise
        session = self._open_session()
        return self._say(text, session, context), {"session_id": session}

    def _say(self, text: str, session: str, context: BotContext) -> dict[str, Any]:
        """`user_id` is the conversation: plans that are billed by user count it once, whatever becomes of sessions."""
        body = {"input": {"message_type": "text", "text": text}, "user_id": context.conversation}
        return self._post(f"{self.place}/sessions/{quote(session, safe='')}/message", body, purpose="Message")

    def _open_session(self) -> str:
        session = text_of(self._post(f"{self.place}/sessions", {}, purpose="Open session").get("session_id"))
        if not session:
            raise Rejected("The answer holds no session.", cause=Cause.REMOTE_ERROR)
        return session

    # -- the wire

    @property
    def _version(self) -> dict[str, str]:
        """The date that every call names."""
        return {"version": str(self.properties["version"] or VERSIONS[str(self.properties["api_generation"])])}

    def _post(self, path: str, body: dict[str, Any], *, purpose: str) -> dict[str, Any]:
        """One call of today's. Never repeated: each counts, and may be billed."""
        with self.one_call():
            response = self.http.post(path, params=self._version, json=body, purpose=purpose, retry=0)
            return object_of(response, "IBM")
