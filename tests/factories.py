"""One factory per table, for every test. Each makes a row that is valid alone; name only what the test is about.

agent = AgentFactory(login="agent1", state="READY", services=[service])
interaction = InteractionFactory(agent=agent, state="ringing")
"""

from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from contactcenter import models
from contactcenter.models.access import digest
from contactcenter.phone import normalise
from integrations import models as integration_models
from integrations.fields import Sealed


class UserFactory(DjangoModelFactory):
    """The password is the user name, unless `password` is given."""

    class Meta:
        model = get_user_model()
        django_get_or_create = ("username",)
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = "Alex"
    last_name = factory.Sequence(lambda n: f"Example{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.password = make_password(extracted or self.username)
        if create:
            self.save(update_fields=["password"])


class AdminFactory(UserFactory):
    username = factory.Sequence(lambda n: f"admin{n}")
    is_staff = True
    is_superuser = True


# -- integrations


class AccountFactory(DjangoModelFactory):
    """A simulated ServiceNow account. `properties` are plain, `secrets` is a dictionary that gets sealed."""

    class Meta:
        model = integration_models.IntegrationAccount

    provider = "servicenow"
    name = factory.Sequence(lambda n: f"Account {n}")
    enabled = True
    simulated = True
    properties = factory.LazyFunction(dict)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        secrets = kwargs.pop("secrets", None)
        if secrets:
            kwargs["secrets"] = Sealed.of(secrets)
        return super()._create(model_class, *args, **kwargs)


class OAuthTokenFactory(DjangoModelFactory):
    """`access` and `refresh` are texts that get sealed."""

    class Meta:
        model = integration_models.OAuthToken

    account = factory.SubFactory(AccountFactory)
    status = integration_models.OAuthToken.Status.VALID
    access_expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=30))
    obtained_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        for name in ("access", "refresh"):
            kwargs[name] = Sealed.of(kwargs.pop(name, f"{name}-value"))
        return super()._create(model_class, *args, **kwargs)


class ApiCallFactory(DjangoModelFactory):
    class Meta:
        model = integration_models.ApiCall

    account = factory.SubFactory(AccountFactory)
    method = "GET"
    url = "https://vendor.example.com/api"
    status = 200
    started_at = factory.LazyFunction(timezone.now)
    duration_ms = 12


class InboundEventFactory(DjangoModelFactory):
    class Meta:
        model = integration_models.InboundEvent

    account = factory.SubFactory(AccountFactory)
    key = factory.Sequence(lambda n: f"event-{n}")
    kind = "message"


# -- the contact centre and its people


class ContactCenterFactory(DjangoModelFactory):
    """There is one row only; this sets its values."""

    class Meta:
        model = models.ContactCenter

    id = 1


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = models.Team
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda n: f"Team {n}")


class NotReadyReasonFactory(DjangoModelFactory):
    """A reason that agents choose; `is_system=True` for one that the platform sets."""

    class Meta:
        model = models.NotReadyReason
        django_get_or_create = ("key",)

    key = factory.Sequence(lambda n: f"reason-{n}")
    name = factory.LazyAttribute(lambda reason: reason.key.replace("-", " ").replace("_", " ").capitalize())


class ScenarioFactory(DjangoModelFactory):
    """Without blocks; give `definition`. Not published: call `.publish()` or use `ScenarioVersionFactory`."""

    class Meta:
        model = models.Scenario

    name = factory.Sequence(lambda n: f"Scenario {n}")


class ScenarioVersionFactory(DjangoModelFactory):
    class Meta:
        model = models.ScenarioVersion

    scenario = factory.SubFactory(ScenarioFactory)
    number = factory.Sequence(lambda n: n + 1)
    definition = factory.LazyAttribute(lambda version: version.scenario.definition)


class ServiceFactory(DjangoModelFactory):
    """Without a scenario. `numbers=["+14155550100"]` gives it numbers."""

    class Meta:
        model = models.Service
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Service {n}")
    code = factory.Sequence(lambda n: f"service-{n}")

    @factory.post_generation
    def numbers(self, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        for number in extracted or []:
            ServiceNumberFactory(service=self, number=number)


class ServiceNumberFactory(DjangoModelFactory):
    class Meta:
        model = models.ServiceNumber

    service = factory.SubFactory(ServiceFactory)
    number = factory.Sequence(lambda n: f"+1415556{n:04d}")


class DispositionFactory(DjangoModelFactory):
    class Meta:
        model = models.Disposition

    name = factory.Sequence(lambda n: f"Disposition {n}")
    code = factory.Sequence(lambda n: f"disposition-{n}")


class AgentFactory(DjangoModelFactory):
    """Logged out unless `state` is given; the open stretch of time for that state is written too.

    `login` names the user; `services=[...]` adds the agent to services."""

    class Meta:
        model = models.Agent
        skip_postgeneration_save = True

    class Params:
        login = factory.Sequence(lambda n: f"agent-{n}")

    user = factory.SubFactory(UserFactory, username=factory.SelfAttribute("..login"))
    extension = factory.Sequence(lambda n: f"{1000 + n}")
    state_since = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def services(self, create: bool, extracted: list[Any] | None, **kwargs: Any) -> None:
        if extracted:
            self.services.set(extracted)

    @factory.post_generation
    def open_stretch(self, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if create and extracted is not False:
            AgentStateChangeFactory(agent=self, state=self.state, reason=self.reason, began_at=self.state_since)


class CallingListFactory(DjangoModelFactory):
    """From files, for a service of its own; `account=` makes it a list of that CRM."""

    class Meta:
        model = models.CallingList

    name = factory.Sequence(lambda n: f"List {n}")
    service = factory.SubFactory(ServiceFactory)


class ListRowFactory(DjangoModelFactory):
    """Somebody to call, by number; with `record_kind` and `record_id` by that record."""

    class Meta:
        model = models.ListRow

    calling_list = factory.SubFactory(CallingListFactory)
    name = factory.Sequence(lambda n: f"Person {n}")
    e164 = factory.Sequence(lambda n: f"+1415557{n:04d}")
    number = factory.SelfAttribute("e164")

    @factory.lazy_attribute
    def key(self) -> str:
        record = getattr(self, "record_id", "")
        return f"{self.record_kind}:{record}" if record else f"tel:{self.e164}"


class AgentStateChangeFactory(DjangoModelFactory):
    class Meta:
        model = models.AgentStateChange

    agent = factory.SubFactory(AgentFactory, open_stretch=False)
    state = models.AgentState.READY
    began_at = factory.LazyFunction(timezone.now)


class AgentCrmUserFactory(DjangoModelFactory):
    class Meta:
        model = models.AgentCrmUser

    agent = factory.SubFactory(AgentFactory)
    account = factory.SubFactory(AccountFactory)
    vendor_id = factory.Sequence(lambda n: f"{n:032x}")


class AgentEventFactory(DjangoModelFactory):
    class Meta:
        model = models.AgentEvent

    agent = factory.SubFactory(AgentFactory)
    number = factory.Sequence(lambda n: n + 1)
    kind = "notice"
    data = factory.LazyFunction(lambda: {"level": "info", "text": "Hello"})


class ApiTokenFactory(DjangoModelFactory):
    """The value is "token-<name>" unless `value` is given."""

    class Meta:
        model = models.ApiToken

    class Params:
        value = factory.LazyAttribute(lambda token: f"token-{token.name}")

    name = factory.Sequence(lambda n: f"platform{n}")
    hash = factory.LazyAttribute(lambda token: digest(token.value))


class ContactFactory(DjangoModelFactory):
    """`phones=["+14155550132"]` gives numbers."""

    class Meta:
        model = models.Contact
        skip_postgeneration_save = True

    first_name = "Don"
    last_name = factory.Sequence(lambda n: f"Goodliffe{n}")

    @factory.post_generation
    def phones(self, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        for number in extracted or []:
            ContactPhoneFactory(contact=self, number=number)


class ContactPhoneFactory(DjangoModelFactory):
    class Meta:
        model = models.ContactPhone

    contact = factory.SubFactory(ContactFactory)
    number = factory.Sequence(lambda n: f"+1415557{n:04d}")


# -- interactions


class InteractionFactory(DjangoModelFactory):
    """An inbound call that has just arrived. The number is read as the product would."""

    class Meta:
        model = models.Interaction

    call_id = factory.Sequence(lambda n: f"call-{n}")
    service = factory.SubFactory(ServiceFactory)
    customer_number = "+14155550132"
    customer_e164 = factory.LazyAttribute(lambda interaction: normalise(interaction.customer_number).key)
    service_number = "+14155550100"
    offered_at = factory.LazyFunction(timezone.now)


class InteractionEventFactory(DjangoModelFactory):
    class Meta:
        model = models.InteractionEvent

    interaction = factory.SubFactory(InteractionFactory)
    kind = "offered"
    key = factory.Sequence(lambda n: f"offered-{n}")
    at = factory.LazyFunction(timezone.now)


class CallRecordingFactory(DjangoModelFactory):
    """A second of silence that waits for the storage; its file is written by whoever needs one."""

    class Meta:
        model = models.CallRecording

    interaction = factory.SubFactory(InteractionFactory)
    key = factory.Sequence(lambda n: f"r-{n}")
    content_type = "audio/wav"
    size = 16_044
    sha256 = "0" * 64
    duration_ms = 1000
    started_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyFunction(timezone.now)


class TranscriptFactory(DjangoModelFactory):
    class Meta:
        model = models.Transcript

    recording = factory.SubFactory(CallRecordingFactory)
    due_at = factory.LazyFunction(timezone.now)


class ScenarioRunFactory(DjangoModelFactory):
    class Meta:
        model = models.ScenarioRun

    interaction = factory.SubFactory(InteractionFactory)
    version = factory.SubFactory(ScenarioVersionFactory)


class ScenarioStepFactory(DjangoModelFactory):
    class Meta:
        model = models.ScenarioStep

    run = factory.SubFactory(ScenarioRunFactory)
    number = factory.Sequence(lambda n: n + 1)
    block = "log"
    kind = "log"


class OutboxEntryFactory(DjangoModelFactory):
    class Meta:
        model = models.OutboxEntry

    idempotency_key = factory.Sequence(lambda n: f"entry-{n}")
    account = factory.SubFactory(AccountFactory)
    interaction = factory.SubFactory(InteractionFactory)
    record_key = factory.Sequence(lambda n: f"record-{n}")
    operation = models.OutboxEntry.Operation.CREATE
    due_at = factory.LazyFunction(timezone.now)


# -- feeds


class FeedStateFactory(DjangoModelFactory):
    class Meta:
        model = models.FeedState

    account = factory.SubFactory(AccountFactory, provider="wfm_http")
    due_at = factory.LazyFunction(timezone.now)


class RecordingQueueItemFactory(DjangoModelFactory):
    class Meta:
        model = models.RecordingQueueItem

    account = factory.SubFactory(AccountFactory, provider="nice")
    event_id = factory.Sequence(lambda n: f"{n:026d}")
    type = "agent.state"
    at = factory.LazyFunction(timezone.now)
