"""What a dry run finds when it looks around: copies of the accounts, services, people and scenarios that are set up
here, no history, no secret, nobody logged in but the agent of the call."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from contactcenter.models import (
    Agent,
    AgentState,
    Contact,
    ContactCenter,
    ContactPhone,
    Scenario,
    ScenarioVersion,
    Service,
)
from contactcenter.models.agents import PhoneDevice
from contactcenter.phone import normalise
from integrations.fields import Sealed, SecretUnreadable
from integrations.models import Health, IntegrationAccount, OAuthToken

from .calls import BadCall, Call
from .shadow import models

DEMO = Path(__file__).resolve().parents[2] / "demo" / "data.yaml"
APPS = ("contactcenter", "integrations", "auth", "contenttypes")
# What has happened, as against what is set up: a dry run begins without a past, and must not be long in the copying.
HISTORY = {
    "agentcheck", "agentevent", "agentmatch", "agentpresencerow", "agentstatechange", "apicall", "apitoken", "breaker",
    "callerdataanswer", "callinglist", "callrecording", "chat", "chatfile", "chatmessage", "checkresult", "checkrun",
    "contact", "contactaddress", "contactdetail", "contactemail", "contactlink", "contactphone", "dailycount",
    "digitrequest", "dryrun", "feedalert", "feedminute", "feedstate", "heartbeat", "inboundevent", "interaction",
    "interactionevent", "internalmessage", "listexport", "listfilepart", "listimport", "listrow", "oauthtoken",
    "outboxentry", "outgoingmail", "presencerule", "presencesync", "recordingqueueitem", "refusedevent",
    "refusedrow", "reminder", "report", "reportdelivery", "reportfile", "reportroster", "reportrun", "reporttarget",
    "scenariorequest", "scenariorun", "scenariostep", "scenariotest", "signonidentity", "statenumbering",
    "transcript",
}  # fmt: skip
MOST_ROWS = 1000
STAND_IN = "stand-in-for-a-secret"
SERVICE, SERVICE_CODE = "Dry run", "dry-run"
Rows = list[tuple[type[Model], list[Model]]]


# -- taken from the real database


def copied(call: Call, *, simulated: bool) -> Rows:
    """Rows to put into the shadow. Reads the real database, and no secret leaves it."""
    rows: Rows = [(model, list(_newest(model))) for model in models() if _is_setting(model)]
    rows += [(through, list(through._base_manager.all()[:MOST_ROWS])) for through in _between()]
    rows += _contacts(call)
    for _model, found in rows:
        for row in found:
            if isinstance(row, IntegrationAccount):
                without_secrets(row, simulated=simulated)
            elif isinstance(row, AbstractBaseUser):
                row.password = ""
    if not simulated:
        rows.append((OAuthToken, [*_stand_in_tokens()]))
    return rows


def _is_setting(model: type[Model]) -> bool:
    return model._meta.app_label in APPS and model._meta.model_name not in HISTORY


def _newest(model: type[Model]) -> QuerySet[Any]:
    return model._base_manager.order_by("-pk")[:MOST_ROWS]


def _between() -> Iterable[type[Model]]:
    """The tables between many and many."""
    for model in filter(_is_setting, models()):
        for field in model._meta.local_many_to_many:
            through: Any = field.remote_field.through
            if through._meta.auto_created:
                yield through


def _contacts(call: Call) -> Rows:
    # Not `current()`, which makes the row where there is none: nothing is written here.
    centre = ContactCenter.objects.filter(pk=1).first() or ContactCenter()
    line = normalise(call.number, centre.default_region).line
    phones = list(ContactPhone.objects.filter(line=line)[:MOST_ROWS]) if line else []
    return [(Contact, list(Contact.objects.filter(pk__in={p.contact_id for p in phones}))), (ContactPhone, [*phones])]


def without_secrets(account: IntegrationAccount, *, simulated: bool) -> None:
    """Towards a simulator the account has the simulator's published credentials; towards recorded answers none."""
    try:
        remote = account.provider_class.remote
    except LookupError:
        account.secrets = Sealed.of({})
        return
    secrets = dict.fromkeys(account.stored_secret_names(), STAND_IN)
    if simulated:
        published = _published().get(account.provider, {})
        account.simulated = remote
        account.properties = {**account.properties, **published.get("properties", {})}
        secrets |= published.get("secrets", {})
    account.secrets = Sealed.of(secrets)
    account.health = Health.OK


@cache
def _published() -> dict[str, dict[str, Any]]:
    """Credentials of the demo's accounts by provider, which the simulators know."""
    return {row["provider"]: row for row in yaml.safe_load(DEMO.read_text())["accounts"]}


def _stand_in_tokens() -> Iterable[OAuthToken]:
    """Every account that was authorised has a token that opens nothing, of the same issuer."""
    for row in OAuthToken.objects.filter(status=OAuthToken.Status.VALID)[:MOST_ROWS]:
        try:
            stored = row.access.reveal()
        except SecretUnreadable:
            continue
        row.access = Sealed.of([STAND_IN, *stored[1:]] if isinstance(stored, list) else STAND_IN)
        row.refresh = row.pending_verifier = Sealed.of({})
        row.access_expires_at = None
        yield row


# -- put into the shadow


def furnish(rows: Rows) -> None:
    """Inside the shadow only."""
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model, found in rows:
            model._base_manager.bulk_create(found, ignore_conflicts=True)
    ContactCenter.current()  # makes the row where there is none, which is nothing that the call does
    with transaction.atomic():
        Agent.objects.update(state=AgentState.LOGGED_OUT, reason=None, next_state="", next_reason=None)


def set_the_scene(call: Call, definition: dict[str, Any], name: str, number: int) -> Service:
    """The scenario with the version to try, the service that runs it, and the agent. Raises `BadCall`."""
    tried, _ = Scenario.objects.update_or_create(name=name, defaults={"definition": definition})
    newest = ScenarioVersion.objects.filter(scenario=tried).order_by("-number").first()
    ScenarioVersion.objects.create(
        scenario=tried, number=max(number, newest.number + 1 if newest else 1), definition=definition
    )
    service = _service(call, tried)
    service.scenario = tried
    service.save()
    if call.agent:
        _make_ready(call, service)
    return service


def _service(call: Call, scenario: Scenario) -> Service:
    found = _named(call) or Service.objects.filter(scenario=scenario).first()
    if found is None:
        found, _ = Service.objects.get_or_create(code=SERVICE_CODE, defaults={"name": SERVICE})
    found.enabled = True
    return found


def _named(call: Call) -> Service | None:
    """The service that the call names by its code, else by the number called. Raises `BadCall`."""
    if call.service and call.service != SERVICE_CODE:
        named = Service.objects.filter(code=call.service).first()
        if named is None:
            raise BadCall(f'There is no service with the code "{call.service}".', "service")
        return named
    key = normalise(call.called, ContactCenter.current().default_region).key if call.called else ""
    return Service.objects.filter(numbers__e164=key).first() if key else None


def _make_ready(call: Call, service: Service) -> None:
    agent = Agent.objects.filter(user__username=call.agent).first()
    if agent is None:
        raise BadCall(f'There is no agent with the log-in "{call.agent}".', "agent")
    agent.host_account = IntegrationAccount.objects.filter(name=call.page).first() if call.page else None
    if call.page and agent.host_account is None:
        raise BadCall(f'There is no account "{call.page}" in whose page the desktop could be open.', "page")
    agent.state, agent.state_since = AgentState.READY, timezone.now()
    if agent.device == PhoneDevice.NONE:
        agent.device = PhoneDevice.SOFTPHONE
    agent.save()
    agent.services.add(service)
