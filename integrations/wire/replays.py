"""*Replay*: a request of the wire log once more, to the simulator or to the vendor.

The log holds no secrets, and none are needed: the provider signs the request anew, with the account's credentials of
today towards the vendor and with those of a simulated account towards the simulator. Real credentials never go to the
simulator. What the log does not hold whole (masked, cut, binary) cannot be replayed."""

import copy
from dataclasses import dataclass

from .. import deadlines, history
from ..errors import IntegrationError
from ..models import ApiCall, IntegrationAccount
from ..providers import registry
from ..providers.base import Provider
from . import redaction, wirelog

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
REPLAY_SECONDS = 30.0
# What the request says about its body and itself. The rest belongs to the connection, or is signed anew.
SENT_AGAIN = {"accept", "content-type", "idempotency-key", "if-match"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a replay may go. `signer` is the account whose credentials are used, None where `obstacle` says why not."""

    key: str
    signer: IntegrationAccount | None
    obstacle: str = ""


def obstacle(call: ApiCall) -> str:
    """Why this request cannot be sent again at all; empty when it can."""
    account = call.account
    if account is None:
        return "The account of this exchange does not exist any more."
    if account.provider not in registry():
        return "The provider of this account is not part of this version."
    if call.method not in METHODS:
        return "This was no HTTP request."
    if redaction.MASK in call.url or redaction.MASK in call.request_body:
        return "The request holds secrets, which are masked in the log: it is not known any more what was sent."
    if wirelog.is_partial(call.request_body):
        return "The log keeps only a part of this body: it is not known any more what was sent."
    if _rest(call, account) is None:
        return "The request went to another address than the account's own, as that of a token endpoint."
    return ""


def _rest(call: ApiCall, account: IntegrationAccount) -> str | None:
    """The address below the account's own; None when it is not below it."""
    home = _speaking_for(account, simulated=call.simulated).base_url.rstrip("/")
    rest = call.url.removeprefix(home)
    return rest if home and rest != call.url and rest[:1] in ("", "/", "?") else None


def _speaking_for(account: IntegrationAccount, *, simulated: bool) -> Provider:
    """The provider as it was when the request was made: towards the simulator or towards the vendor."""
    then = copy.copy(account)
    then.simulated = simulated
    provider: Provider = then.connect()
    return provider


def to_simulator(call: ApiCall) -> Target:
    account = call.account
    if account is None or account.simulated:
        return Target("simulator", account)
    alike = IntegrationAccount.objects.filter(provider=account.provider, simulated=True, enabled=True)
    signer = alike.order_by("name").first()
    words = (
        "" if signer else "Real credentials never go to the simulator: add a simulated account of this kind first, "
        "and its credentials are used."
    )  # fmt: skip
    return Target("simulator", signer, words)


def to_vendor(call: ApiCall) -> Target:
    account = call.account
    if account is None or account.simulated:
        return Target("vendor", None, "This account is simulated: there is no vendor behind it.")
    if not account.enabled:
        return Target("vendor", None, "This account is disabled, so it calls nobody.")
    return Target("vendor", account)


def is_safe(call: ApiCall) -> bool:
    """Whether the method, by its meaning (RFC 9110, section 9.2.1), changes nothing at the vendor."""
    return call.method in SAFE


def purpose_of(call: ApiCall) -> str:
    return f"Replay of #{call.pk}"


def replay(call: ApiCall, target: Target) -> tuple[ApiCall | None, IntegrationError | None]:
    """Send it. Returns the new row of the wire log (None when nothing left the house) and what went wrong.

    Raises `ValueError` for what `obstacle` or the target's own refuses."""
    account, reason = call.account, obstacle(call)
    if reason or account is None or target.signer is None:
        raise ValueError(reason or target.obstacle)
    provider: Provider = target.signer.connect()
    history.note_replay(account, call, target.key)
    newest = ApiCall.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    failure = _sent(provider, call, provider.base_url.rstrip("/") + (_rest(call, account) or ""))
    rows = ApiCall.objects.filter(pk__gt=newest, purpose=purpose_of(call), account=target.signer)
    return rows.order_by("-id").first(), failure


def _sent(provider: Provider, call: ApiCall, url: str) -> IntegrationError | None:
    headers = {name: value for name, value in call.request_headers.items() if name.lower() in SENT_AGAIN}
    body = call.request_body.encode() or None
    try:
        with deadlines.within(REPLAY_SECONDS):
            provider.http.request(call.method, url, data=body, headers=headers, purpose=purpose_of(call), retry=0)
    except IntegrationError as error:
        return error
    return None
