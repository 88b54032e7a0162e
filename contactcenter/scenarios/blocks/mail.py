"""The block that writes mails. They leave through `contactcenter.mails`."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from contactcenter import mails
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import BlockSettings, TemplateField
from contactcenter.scenarios.substitution import substitute

from .base import FAILED, NEXT, Block

MOST_RECIPIENTS = 20
LONGEST_SUBJECT = 200


class EMail(Block):
    """The mail is a row when the step is saved, and leaves afterwards: a slow server keeps nobody waiting."""

    kind = "email"
    label = "EMail"
    description = "Sends a mail, for example to an administrator after a failure."
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        to = TemplateField(
            label="To", help_text="Addresses separated by commas. A variable stands for one address, never for several."
        )
        subject = TemplateField(
            label="Subject", language="header", max_length=LONGEST_SUBJECT, help_text="One line with variables."
        )
        body = TemplateField(
            label="Text", widget=forms.Textarea, max_length=10_000, help_text="Plain text with variables."
        )

    def run(self, context: Context) -> str:
        to = recipients(context)
        subject = context.query("subject", "header")[:LONGEST_SUBJECT]
        mail = mails.queue(context.interaction, to=to, subject=subject, body=context.text("body"), key=context.key)
        context.outcome = {"to": to, "mail": mail.pk}
        return NEXT


def recipients(context: Context) -> list[str]:
    """One address for each part between commas: what a variable holds is looked at only after the parts are cut.

    Raises `CannotRun`."""
    parts = [part for part in re.split(r"[,;]", context.settings["to"]) if part.strip()]
    filled = [substitute(part, context.values.text).strip() for part in parts]
    context.resolved["to"] = ", ".join(filled)
    found = list(dict.fromkeys(address for address in filled if address))
    if not found:
        raise CannotRun("There is no address to write to.")
    if len(found) > MOST_RECIPIENTS:
        raise CannotRun(f"These are {len(found)} addresses; at most {MOST_RECIPIENTS} are written to.")
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise CannotRun(f'"{address[:80]}" is no e-mail address.') from None
    return found
