"""What is kept of changes to an account: who, when, which property; of a secret only that it changed."""

from collections.abc import Iterable

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.utils.translation import gettext as _

from .models import ApiCall, IntegrationAccount

# Written by the machinery or derived: they would drown what people did.
NOT_HISTORY = (
    "secrets", "public_id", "exclusive_key", "health", "health_cause", "health_message", "health_changed_at",
    "identity", "last_success_at", "last_error_at", "consecutive_failures", "created_at", "updated_at",
)  # fmt: skip


def register() -> None:
    """Once, while the apps start."""
    if not auditlog.contains(IntegrationAccount):
        auditlog.register(IntegrationAccount, exclude_fields=list(NOT_HISTORY))


def note_changed_secrets(account: IntegrationAccount, names: Iterable[str]) -> None:
    """One entry per secret that was entered or cleared: its label, never a value."""
    fields = account.provider_class.Properties.base_fields
    for name in names:
        sentence = _("%s changed") % fields[name].label if name in fields else _("A secret changed")
        LogEntry.objects.log_create(
            account, force_log=True, action=LogEntry.Action.UPDATE, additional_data={"sentence": sentence}
        )


def note_replay(account: IntegrationAccount, call: ApiCall, target: str) -> None:
    """Who sent which request of the wire log once more, and where to."""
    words = {"simulator": _("Replayed exchange %s to the simulator"), "vendor": _("Replayed exchange %s to the vendor")}
    sentence = words[target] % f"#{call.pk} ({call.method} {call.purpose or call.url})"[:160]
    LogEntry.objects.log_create(
        account, force_log=True, action=LogEntry.Action.UPDATE, additional_data={"sentence": sentence}
    )
