"""Callers whom nobody here knows: a caller-data system is asked, and the contact is filled through its field mapping.

Inbound calls and chats only, because the vendors' terms forbid to look up whom we call. A look-up costs money: a number
is asked once in thirty days. Nothing waits for the answer; when it comes, the agent reads the name."""

import logging
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from integrations.capabilities import CallerLookup, CallerProfile
from integrations.diagnosis import health
from integrations.errors import IntegrationError, Rejected
from integrations.field_mapping import Suggestion
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.wire import wirelog

from .. import interactions
from ..models import CallerDataAnswer, Contact, ContactCenter, Interaction
from ..nudge import nudge
from ..phone import normalise
from . import contact_fields, matching

logger = logging.getLogger(__name__)

ASK_AGAIN = timedelta(days=30)
# The person is known: their contact may gain from the look-up, their name stays.
KNOWN = ("matched", "several")


def soon(interaction: Interaction) -> None:
    """Have the caller looked up after the caller's transaction, where that is allowed and somebody can be asked."""
    from ..tasks import look_up_caller

    inbound = interaction.direction == Interaction.Direction.INBOUND
    if inbound and interaction.customer_e164.startswith("+") and accounts().exists():
        nudge(look_up_caller, interaction.pk)


def accounts() -> Any:
    """The enabled caller-data accounts, the default one first."""
    keys = [key for key, provider in registry().items() if issubclass(provider, CallerLookup)]
    return IntegrationAccount.objects.filter(enabled=True, provider__in=keys).order_by("-is_default", "pk")


def look_up(interaction_id: int) -> Contact | None:
    """Ask one system after the other until one knows the number; the contact that was filled. Harmless to repeat."""
    interaction = Interaction.objects.get(pk=interaction_id)
    for account in accounts():
        if _asked_lately(account, interaction.customer_e164):
            continue
        try:
            with wirelog.for_interaction(interaction.public_id):
                profile = account.connect().lookup(interaction.customer_e164)
        except IntegrationError as error:
            logger.info("%s could not be asked about a caller: %s", account, error)
            if not isinstance(error, Rejected):
                health.failed(account, error)
            continue
        if profile is None:
            _note(account, interaction.customer_e164)
            continue
        return _take_over(interaction, account, profile)
    return None


def _asked_lately(account: IntegrationAccount, e164: str) -> bool:
    since = timezone.now() - ASK_AGAIN
    return CallerDataAnswer.objects.filter(account=account, e164=e164, asked_at__gt=since).exists()


def _note(account: IntegrationAccount, e164: str, **answer: Any) -> None:
    values = {"asked_at": timezone.now(), "found": False, "offered": [], "contact": None, **answer}
    CallerDataAnswer.objects.update_or_create(account=account, e164=e164, defaults=values)


@transaction.atomic
def _take_over(interaction: Interaction, account: IntegrationAccount, profile: CallerProfile) -> Contact:
    fresh = interactions.locked(interaction.pk)
    contact = _contact(fresh)
    offered = [_offer(contact, suggestion) for suggestion in profile.suggestions]
    _note(account, fresh.customer_e164, found=True, offered=offered, contact=contact)
    if fresh.caller.get("status") not in KNOWN:
        matching.named_by(fresh, contact, account.provider_class.label)
    return contact


def _contact(interaction: Interaction) -> Contact:
    """The caller's contact; a new one with the number where there is none."""
    if interaction.contact is not None:
        return interaction.contact
    phone = normalise(interaction.customer_number, ContactCenter.current().default_region)
    known = Contact.objects.filter(phones__line=phone.line).order_by("pk").first() if phone.line else None
    if known is not None:
        return known
    contact = Contact.objects.create()
    contact.phones.create(number=phone.display)
    return contact


def _offer(contact: Contact, suggestion: Suggestion) -> dict[str, Any]:
    """Take a suggestion over, unless the contact has a value there that its line of the mapping wants kept."""
    told = {"target": suggestion.target, "value": suggestion.value, "taken": False}
    try:
        if suggestion.overwrite or not contact_fields.read(contact, suggestion.target):
            with transaction.atomic():
                contact_fields.write(contact, suggestion.target, suggestion.value)
            told["taken"] = True
    except (ValidationError, contact_fields.NoSuchField) as reason:
        logger.info("A value for %s does not fit the contact: %s", suggestion.target, reason)
    return told
