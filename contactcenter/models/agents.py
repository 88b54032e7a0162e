"""Agents, their teams, their states, and how each CRM knows them."""

from django.conf import settings
from django.db import models

from integrations.models import IntegrationAccount


class AgentState(models.TextChoices):
    """Values are the words that workforce feeds send."""

    LOGGED_OUT = "LOGGED_OUT", "Logged out"
    NOT_READY = "NOT_READY", "Not ready"
    READY = "READY", "Ready"
    RINGING = "RINGING", "Ringing"
    BUSY = "BUSY", "Busy"
    ACW = "ACW", "After-call work"
    SUPERVISING = "SUPERVISING", "Supervising"


class PhoneDevice(models.TextChoices):
    SOFTPHONE = "softphone", "Softphone"
    HARDPHONE = "hardphone", "Internal phone"
    EXTERNAL = "external", "External phone"
    NONE = "none", "No phone"


class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class NotReadyReason(models.Model):
    """Why an agent is not ready. System reasons are set by the platform; agents choose among the others."""

    key = models.SlugField(unique=True, help_text="Fixed name used by the software and in mappings.")
    name = models.CharField(max_length=60, unique=True)
    is_system = models.BooleanField("Set by the system", default=False, editable=False)
    is_break = models.BooleanField("Counts as break time", default=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, help_text="Empty: for every team.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "not-ready reason"

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """A person who handles interactions. The state columns have one writer: `contactcenter.agents`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="agent")
    extension = models.CharField(max_length=20, unique=True)
    employee_id = models.CharField(max_length=40, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="agents")
    services = models.ManyToManyField("contactcenter.Service", blank=True, related_name="agents")

    state = models.CharField(max_length=12, choices=AgentState.choices, default=AgentState.LOGGED_OUT, editable=False)
    reason = models.ForeignKey(NotReadyReason, models.PROTECT, null=True, editable=False, related_name="+")
    state_since = models.DateTimeField(null=True, editable=False)
    # What the agent chose while busy; taken when the present work ends. Empty: back to Ready.
    next_state = models.CharField(max_length=12, blank=True, default="", editable=False)
    next_reason = models.ForeignKey(NotReadyReason, models.PROTECT, null=True, editable=False, related_name="+")
    device = models.CharField(max_length=12, choices=PhoneDevice.choices, default=PhoneDevice.SOFTPHONE)
    device_number = models.CharField(max_length=40, blank=True)
    # The CRM page the desktop is embedded in, proven by `topDomain`; None: activity history is off.
    host_account = models.ForeignKey(IntegrationAccount, models.SET_NULL, null=True, editable=False, related_name="+")
    last_event_number = models.PositiveBigIntegerField(default=0, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["user__username"]

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()

    @property
    def login(self) -> str:
        return self.user.get_username()


class AgentStateChange(models.Model):
    """One stretch of time in one state. The stretches of an agent tile the time: no gap, no overlap."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="state_changes")
    state = models.CharField(max_length=12, choices=AgentState.choices)
    reason = models.ForeignKey(NotReadyReason, models.PROTECT, null=True)
    interaction = models.ForeignKey("contactcenter.Interaction", models.SET_NULL, null=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Its number for those who fetch changes, given when somebody does (`feeds.changes`); None: by nobody yet.
    sequence = models.PositiveBigIntegerField(null=True, unique=True, editable=False)

    class Meta:
        ordering = ["-began_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=models.Q(ended_at__isnull=True), name="one_open_state_per_agent"
            )
        ]
        indexes = [
            models.Index(fields=["agent", "began_at"], name="state_changes_of_agent"),
            models.Index(fields=["ended_at"], name="state_changes_by_end"),
            models.Index(
                fields=["began_at"], condition=models.Q(sequence__isnull=True), name="state_changes_to_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.state}"


class AgentCrmUser(models.Model):
    """The mapping table: which user of a CRM one of our agents is, where e-mail and user name do not tell."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="crm_users")
    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="agent_mappings")
    vendor_id = models.CharField("Id at the vendor", max_length=80, help_text="ServiceNow: the sys_id of the user.")
    vendor_name = models.CharField("Name at the vendor", max_length=200, blank=True)

    class Meta:
        verbose_name = "CRM user of an agent"
        verbose_name_plural = "CRM users of agents"
        constraints = [models.UniqueConstraint(fields=["agent", "account"], name="one_crm_user_per_account")]

    def __str__(self) -> str:
        return f"{self.agent} = {self.vendor_name or self.vendor_id}"
