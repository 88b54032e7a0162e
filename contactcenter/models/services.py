"""Services: what customers call or write to."""

from django.db import models

from contactcenter.phone import normalise

from .centre import ContactCenter


class Disposition(models.Model):
    """How an interaction ended, as the agent judges it. Without a service it is offered for every service."""

    class ListResult(models.TextChoices):
        DONE = "done", "Done"
        AGAIN = "again", "Call again"
        DO_NOT_CALL = "do_not_call", "Do not call"

    name = models.CharField(max_length=80)
    code = models.SlugField(max_length=40, unique=True)
    service = models.ForeignKey(
        "contactcenter.Service", models.CASCADE, null=True, blank=True, related_name="dispositions"
    )
    # What becomes of the person's row where the call was made from a calling list.
    list_result = models.CharField(
        "In a calling list", max_length=12, choices=ListResult.choices, default=ListResult.DONE,
        help_text="Whether somebody from a calling list is called again after this.",
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """Has a scenario, numbers, agents and, where several CRM accounts exist, its own."""

    class Media(models.TextChoices):
        VOICE = "voice", "Voice"
        CHAT = "chat", "Chat"

    class Recordings(models.TextChoices):
        REFUSED = "refused", "Not kept"
        KEPT = "kept", "Kept"
        TRANSCRIBED = "transcribed", "Kept and transcribed"
        IN_HISTORY = "in_history", "Kept, transcribed, and the transcript written to the CRM"

    name = models.CharField(max_length=80, unique=True)
    code = models.SlugField(max_length=40, unique=True)
    media = models.CharField(max_length=8, choices=Media.choices, default=Media.VOICE)
    scenario = models.ForeignKey("contactcenter.Scenario", models.PROTECT, null=True, blank=True)
    # The bot that suggests answers in chats of this service; empty: the default one.
    suggestion_engine = models.ForeignKey(
        "integrations.IntegrationAccount", models.SET_NULL, null=True, blank=True, related_name="+",
        limit_choices_to={"type": "bot"},
        help_text="Suggests answers to agents in chats of this service. Empty: the default bot account.",
    )  # fmt: skip
    # The bot at the service's launch point; empty: agents answer from the first message on.
    chat_bot = models.ForeignKey(
        "integrations.IntegrationAccount", models.SET_NULL, null=True, blank=True, related_name="+",
        limit_choices_to={"type": "bot"},
        help_text=(
            "Answers customers of this service's chats by itself, until it hands over to an agent. Empty: agents "
            "answer from the first message on."
        ),
    )  # fmt: skip
    agent_words = models.CharField(
        "Words for an agent", max_length=200, blank=True, default="",
        help_text=(
            "Customers who write one of these to the chat bot reach an agent at once, whatever the bot would say. "
            "Separated by commas, for example: agent, human, real person"
        ),
    )  # fmt: skip
    recordings = models.CharField(
        "Recordings of calls", max_length=12, choices=Recordings.choices, default=Recordings.REFUSED,
        help_text=(
            "What becomes of recordings that the telephone system hands over. Not kept: they are refused. With the "
            "transcript, the history at the CRM waits for it up to five minutes."
        ),
    )  # fmt: skip
    service_level_seconds = models.PositiveIntegerField("Service level (seconds)", default=20)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ServiceNumber(models.Model):
    """A number that reaches a service; `e164` is derived and unique."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="numbers")
    number = models.CharField(max_length=40)
    e164 = models.CharField(max_length=40, unique=True, editable=False)

    def __str__(self) -> str:
        return self.number

    def save(self, *args: object, **kwargs: object) -> None:
        self.e164 = normalise(self.number, ContactCenter.current().default_region).plain
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        self.e164 = normalise(self.number, ContactCenter.current().default_region).plain
