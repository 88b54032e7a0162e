"""Accounts, their tokens, what was said to vendors (wire log) and what vendors told us."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from . import catalogue
from .fields import EncryptedField, Sealed
from .leases import Leasable
from .properties import CLEAR
from .providers import provider_choices, registry

KNOWN = "known"  # beside the properties: what `remember` keeps


class Health(models.TextChoices):
    UNKNOWN = "unknown", "Not tested"
    OK = "ok", "Working"
    FAILING = "failing", "Failing"
    NEEDS_AUTHORISATION = "needs_authorisation", "Needs authorisation"


class IntegrationAccount(models.Model):
    """One configured integration. Its fields are declared by its provider's `Properties` form."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=40, choices=catalogue.type_choices, editable=False)
    provider = models.CharField(max_length=40, choices=provider_choices, editable=False)
    name = models.CharField(max_length=120, unique=True, help_text="A unique name (any) for your integration account.")
    is_default = models.BooleanField("Default account", default=False)
    enabled = models.BooleanField(default=True, help_text="A disabled account is kept and calls nobody.")
    simulated = models.BooleanField(
        default=False, help_text="Send everything to the simulator in the box instead of the vendor."
    )
    properties = models.JSONField(default=dict, blank=True)
    secrets = EncryptedField()
    exclusive_key = models.CharField(max_length=40, null=True, editable=False)

    health = models.CharField(max_length=24, choices=Health.choices, default=Health.UNKNOWN, editable=False)
    health_cause = models.CharField(max_length=24, blank=True, editable=False)
    health_message = models.TextField(blank=True, editable=False)
    health_changed_at = models.DateTimeField(null=True, editable=False)
    identity = models.CharField("Logged in as", max_length=200, blank=True, editable=False)
    last_success_at = models.DateTimeField("Last success", null=True, editable=False)
    last_error_at = models.DateTimeField("Last error", null=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["type"],
                condition=Q(is_default=True),
                name="one_default_per_type",
                violation_error_message="Another account of this type is the default already.",
            ),
            models.UniqueConstraint(
                fields=["exclusive_key"],
                name="one_exclusive_account",
                violation_error_message="Only one account of this type can exist.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self._derive()
        super().save(*args, **kwargs)

    # -- what the provider declares

    @property
    def provider_class(self) -> Any:
        """The provider's class. Raises `LookupError` in words where the code of the provider is gone."""
        try:
            return registry()[self.provider]
        except KeyError:
            sentence = f'Account "{self.name}": there is no provider "{self.provider}" in this version.'
            raise LookupError(sentence) from None

    @property
    def account_type(self) -> catalogue.AccountType:
        return catalogue.BY_KEY[self.type]

    def connect(self) -> Any:
        """The provider, speaking for this account. Test its capability with isinstance."""
        return self.provider_class(self)

    # -- values

    def values(self) -> dict[str, Any]:
        """The plain properties as the form cleans them, defaults merged under what is stored."""
        form = self.provider_class.Properties
        return {**form.defaults(), **{k: v for k, v in self.properties.items() if k in form.base_fields}}

    def secret(self, name: str) -> str:
        """One secret, empty when not set. Raises `SecretUnreadable`."""
        return str(self.secrets.reveal().get(name, ""))

    def secret_values(self) -> list[str]:
        """Every secret value of the account, for masking. Unreadable ones cannot leak and are left out."""
        from .wire.redaction import secrets_of

        return secrets_of(self)

    def stored_secret_names(self) -> set[str]:
        from .fields import SecretUnreadable

        try:
            return {name for name, value in self.secrets.reveal().items() if value}
        except SecretUnreadable:
            return set()

    def apply(self, plain: dict[str, Any], secrets: dict[str, Any]) -> list[str]:
        """Set cleaned properties; an empty secret keeps the stored one, CLEAR or "" after a clear removes it.

        Returns the names of the secrets that changed."""
        known = {KNOWN: self.properties[KNOWN]} if KNOWN in self.properties else {}
        self.properties = {**plain, **known}
        kept = self.secrets.reveal() if self.secrets else {}
        merged = dict(kept)
        for name, value in secrets.items():
            if value is CLEAR:
                merged.pop(name, None)
            elif value:
                merged[name] = value
        changed = sorted(name for name in {*kept, *merged} if kept.get(name) != merged.get(name))
        if changed:
            self.secrets = Sealed.of(merged)
        return changed

    # -- what the vendor told

    def known(self, name: str) -> Any:
        """Something that the vendor told and that is no setting, as its list of voices; None where nothing is kept."""
        return self.properties.get(KNOWN, {}).get(name)

    @transaction.atomic
    def remember(self, name: str, value: Any) -> None:
        """Keep it beside the properties, where the form, the export and the history do not look.

        Read again first: somebody may have saved the account while its vendor was asked."""
        rows = type(self).objects.filter(pk=self.pk)
        stored = rows.select_for_update().values_list("properties", flat=True).get()
        self.properties = {**stored, KNOWN: {**stored.get(KNOWN, {}), name: value}}
        rows.update(properties=self.properties)

    @property
    def simulator_url(self) -> str:
        return f"{settings.SIMULATOR_URL}/{self.provider}"

    # -- rules

    def clean(self) -> None:
        self._derive()
        try:
            form = self.provider_class.Properties(data=self._form_data(), simulated=self.simulated)
        except LookupError as error:
            raise ValidationError(str(error)) from None
        if not form.is_valid():
            told = [f"{name}: {error}" for name, errors in form.errors.items() for error in errors]
            raise ValidationError({"properties": told})
        if self.is_default and not self.account_type.has_default:
            raise ValidationError({"is_default": "Accounts of this type have no default."})

    def _form_data(self) -> dict[str, Any]:
        """What is stored, in the shape that the form reads; a stored secret stands in for itself."""
        stored = {**self.values(), **(self.secrets.reveal() if self.secrets else {})}
        return {name: value for name, value in stored.items() if value is not None and value is not False}

    def _derive(self) -> None:
        provider_type = self.provider_class.type
        self.type = provider_type.key
        exclusive = {"type": f"type:{self.type}", "provider": f"provider:{self.provider}"}
        self.exclusive_key = exclusive.get(provider_type.exclusive)
        self.simulated = self.simulated and self.provider_class.remote


class OAuthToken(Leasable):
    """What the vendor issued. One writer: `integrations.oauth.access`. Refreshing is claimed by lease."""

    class Status(models.TextChoices):
        NONE = "none", "Not authorised"
        VALID = "valid", "Authorised"
        REFUSED = "refused", "Needs authorisation"

    account = models.OneToOneField(IntegrationAccount, models.CASCADE, related_name="token")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NONE)
    access = EncryptedField()
    refresh = EncryptedField()
    access_expires_at = models.DateTimeField(null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    refresh_used_at = models.DateTimeField(null=True)
    obtained_at = models.DateTimeField(null=True)
    # Counts issues: whoever waited for the lease sees by it that somebody else has refreshed.
    generation = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    # The half-open authorisation code flow: state and PKCE verifier, used once.
    pending_state = models.CharField(max_length=64, blank=True)
    pending_verifier = EncryptedField()
    pending_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Token of {self.account_id}"


class ApiCall(models.Model):
    """One exchange with a vendor. Written before sending, finished after; secrets masked before they get here."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, null=True, related_name="calls")
    # The public id of the interaction it was made for, if any: this app knows nothing of interactions.
    interaction = models.CharField(max_length=36, blank=True, db_index=True)
    purpose = models.CharField(max_length=80, blank=True)
    method = models.CharField(max_length=10)
    url = models.TextField()
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)
    error = models.TextField(blank=True)
    simulated = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_index=True)
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "API call"
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="calls_of_account")]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class DailyCount(models.Model):
    """How many calls an account made on one of its days, which begin at its own midnight. Written by `quotas` only."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="daily_counts")
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_count_per_day")]

    def __str__(self) -> str:
        return f"{self.calls} on {self.day}"


class CheckRun(models.Model):
    """Many accounts tested in one go. `open` is True for the one that is under way and NULL afterwards."""

    asked_by = models.CharField(max_length=150)
    open = models.BooleanField(null=True, default=True, unique=True, editable=False)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "check of accounts"

    def __str__(self) -> str:
        return f"Check {self.pk}"


class CheckResult(Leasable):
    """One account of a check: waits while `finished_at` is empty. `ok` is None where there was nothing to test."""

    run = models.ForeignKey(CheckRun, models.CASCADE, related_name="results")
    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="check_results")
    before = models.CharField(max_length=24, choices=Health.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True)
    message = models.TextField(blank=True)
    who = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "account"], name="one_result_per_account")]
        indexes = [models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="check_results_open")]

    def __str__(self) -> str:
        return f"{self.run}: {self.account}"


class Reminder(Leasable):
    """Somebody is told that something of an account ends. The row is the proof: one per end and number of days."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="reminders")
    label = models.CharField(max_length=120)
    ends_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "label", "ends_at", "days"], name="one_reminder_per_end")
        ]

    def __str__(self) -> str:
        return f"{self.label}, {self.days} days ahead"


class InboundEvent(Leasable):
    """What a vendor told us: a row before it is answered, handed upwards by a task."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="inbound_events")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="inbound_event_once")]
        indexes = [models.Index(fields=["id"], condition=Q(processed_at__isnull=True), name="inbound_events_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
