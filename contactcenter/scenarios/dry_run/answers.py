"""Who answers in the place of the vendors: simulators, or what was recorded. Neither sends anything.

A recorded answer is {"account", "method", "path", "body", "status", "headers", "answer", "error"}: the request as it
was sent (host left out) and what came back, secrets masked."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from integrations import doors, transport
from integrations.answers import error_from_exception
from integrations.errors import Cause, IntegrationError, Unavailable
from integrations.models import ApiCall, IntegrationAccount
from integrations.simulators.inside import Inside
from integrations.wire import redaction, wirelog

from .calls import Fault

MOST_KEPT = 262_144
# Where simulators run differs from place to place; in what is kept they have this address.
NEUTRAL = "http://simulators.invalid"
TOKEN_PURPOSES = ("token", "log in", "login")
Recorded = dict[str, Any]


class Answers(doors.Keeper):
    """Keeps the doors and a record of everything that came to them.

    `exchanges` is what is shown, `recordings` what another run can be answered with, `held` what did not happen."""

    def __init__(self, *, recorded: Sequence[Recorded] | None, fault: str = "", simulated: bool = True) -> None:
        """Without `recorded` simulators answer, which have this `fault`. With it they answer nothing, and `simulated`
        says for which kind of account the answers were recorded."""
        self.recorded = list(local(recorded)) if recorded is not None else None
        self.simulated = simulated
        self.fault = fault
        self.inside = Inside("" if fault == Fault.TIMEOUT else fault)
        self.exchanges: list[dict[str, Any]] = []
        self.recordings: list[Recorded] = []
        self.held: list[dict[str, str]] = []

    def hold_back(self, what: str, detail: str) -> None:
        self.held.append({"what": what, "detail": detail[:500]})

    def answer(
        self, account: IntegrationAccount | None, request: requests.PreparedRequest, *, purpose: str
    ) -> requests.Response:
        shown = _shown(account, request, purpose)
        self.exchanges.append(shown)
        began = time.monotonic()
        try:
            response, shown["by"] = self._response(account, request, purpose)
        except IntegrationError as error:
            shown["error"] = redaction.mask(str(error))
            self._record(account, request, purpose, error=shown["error"])
            raise
        response = transport.read_whole(response)
        shown |= {
            "status": response.status_code,
            "answer_headers": wirelog.shown_headers(response.headers),
            "answer": wirelog.shown_answer(response),
            "took": round((time.monotonic() - began) * 1000),
        }
        self._record(account, request, purpose, response=response)
        return response

    def _response(
        self, account: IntegrationAccount | None, request: requests.PreparedRequest, purpose: str
    ) -> tuple[requests.Response, str]:
        if self.recorded is not None:
            return self._from_record(account, request, purpose), "recorded"
        if account is None or not account.simulated or not self.inside.knows(request.url or ""):
            raise Unavailable(
                "No simulator stands for this address, and a dry run sends nothing to the real one.",
                cause=Cause.UNREACHABLE,
            )
        if self.fault == Fault.TIMEOUT:
            raise error_from_exception(requests.exceptions.ReadTimeout(), urlsplit(request.url or "").hostname or "")
        found = self.inside.ask(request.method or "", request.url or "", dict(request.headers), _body(request))
        return transport.made_up(request, found.status, found.headers, found.body), "simulator"

    # -- recorded answers

    def _from_record(
        self, account: IntegrationAccount | None, request: requests.PreparedRequest, purpose: str
    ) -> requests.Response:
        wanted = _request_of(account, request)
        found = self._taken(wanted)
        if found is None and is_token(purpose):
            # The run that was recorded had its token already.
            return transport.made_up(
                request, 200, JSON, b'{"access_token": "none", "token_type": "Bearer", "expires_in": 3600}'
            )
        if found is None:
            raise Unavailable("There is no recorded answer to this request. It was not sent.", cause=Cause.UNREACHABLE)
        if found.get("error"):
            raise Unavailable(str(found["error"]), cause=Cause.UNREACHABLE)
        return transport.made_up(
            request, int(found["status"]), dict(found.get("headers") or {}), str(found["answer"]).encode()
        )

    def _taken(self, wanted: Recorded) -> Recorded | None:
        """The first recorded answer to this very request, else to another body at the same place; each once."""
        for names in (("account", "method", "path", "body"), ("account", "method", "path")):
            for number, each in enumerate(self.recorded or []):
                if all(each.get(name, "") == wanted[name] for name in names):
                    return (self.recorded or []).pop(number)
        return None

    def _record(
        self,
        account: IntegrationAccount | None,
        request: requests.PreparedRequest,
        purpose: str,
        *,
        response: requests.Response | None = None,
        error: str = "",
    ) -> None:
        kept = {**_request_of(account, request), "purpose": purpose}
        if response is None:
            self.recordings.append({**kept, "error": error})
            return
        kind = response.headers.get("Content-Type", "")
        answer = _masked(response.content, kind)
        headers = wirelog.shown_headers(response.headers)
        for name in [name for name in headers if name.lower() in ("content-length", "content-encoding", "date")]:
            del headers[name]
        self.recordings.append({**kept, "status": response.status_code, "headers": headers, "answer": answer})


JSON = {"Content-Type": "application/json"}


def neutral(value: Any) -> Any:
    """JSON with the address of the simulators made the same everywhere."""
    return json.loads(json.dumps(value, default=str).replace(settings.SIMULATOR_URL, NEUTRAL))


def local(value: Any) -> Any:
    """JSON that was kept, with the address that simulators have here."""
    return json.loads(json.dumps(value, default=str).replace(NEUTRAL, settings.SIMULATOR_URL))


def is_token(purpose: str) -> bool:
    """Whether a request fetches a token: that one is needed says nothing about the scenario."""
    return any(word in purpose.lower() for word in TOKEN_PURPOSES)


def _shown(account: IntegrationAccount | None, request: requests.PreparedRequest, purpose: str) -> dict[str, Any]:
    return {
        "account": account.name if account else "",
        "purpose": purpose,
        "method": request.method or "",
        "url": redaction.mask_url(request.url or ""),
        "headers": wirelog.shown_headers(request.headers),
        "body": wirelog.shown_body(_body(request), str(request.headers.get("Content-Type", ""))),
        "status": None, "answer_headers": {}, "answer": "", "error": "", "by": "", "took": 0,
    }  # fmt: skip


def _request_of(account: IntegrationAccount | None, request: requests.PreparedRequest) -> Recorded:
    return {
        "account": account.name if account else "",
        "method": request.method or "",
        "path": place(redaction.mask_url(request.url or ""), account),
        "body": _masked(_body(request), str(request.headers.get("Content-Type", ""))),
    }


def place(url: str, account: IntegrationAccount | None) -> str:
    """Path and query of an address; of no account, the whole address. Where simulators run is not part of it."""
    if account is None:
        return url
    parts = urlsplit(url)
    path = parts.path.removeprefix(f"/{account.provider}") if account.simulated else parts.path
    return f"{path}?{parts.query}" if parts.query else path


def _body(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def _masked(body: bytes, kind: str) -> str:
    """A whole body as text, secrets masked, in one spelling."""
    try:
        text = body[:MOST_KEPT].decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes)"
    if "x-www-form-urlencoded" in kind:
        return redaction.mask_form(text)
    try:
        return json.dumps(redaction.mask_json(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return redaction.mask_text(text)


# -- what a real interaction left in the wire log


def from_wire_log(public_id: Any) -> tuple[list[Recorded], int]:
    """The answers that a real interaction got, and how many of them the log keeps only in part."""
    rows = ApiCall.objects.filter(interaction__in=[str(public_id), public_id.hex]).select_related("account")
    found: list[Recorded] = []
    partial = 0
    for row in rows.order_by("pk"):
        if wirelog.is_partial(row.response_body):
            partial += 1
            continue
        found.append(_recorded(row))
    return found, partial


def _recorded(row: ApiCall) -> Recorded:
    asked = {
        "account": row.account.name if row.account else "",
        "purpose": row.purpose,
        "method": row.method,
        "path": place(row.url, row.account),
        "body": row.request_body,
    }
    if row.status is None:
        return {**asked, "error": row.error or "No answer is known."}
    return {**asked, "status": row.status, "headers": dict(row.response_headers or {}), "answer": row.response_body}


def simulated(recorded: Iterable[Recorded]) -> bool:
    """Whether answers were recorded from simulators; see `Answers`."""
    accounts = {each["account"] for each in recorded}
    return not IntegrationAccount.objects.filter(name__in=accounts, simulated=False).exists()
