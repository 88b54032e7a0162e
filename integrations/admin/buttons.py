"""The buttons of an account: each runs one action of its provider, by POST, outside any transaction.

Without a script a button is a page with a form; the script shows the same page's body in a dialog."""

import base64
import logging
import uuid
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from integrations.actions import Action, Download, Result, actions_of
from integrations.diagnosis.doctor import explain
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable
from integrations.models import IntegrationAccount
from integrations.providers.base import Provider

from . import verdicts

logger = logging.getLogger(__name__)

# Runs as soon as it is pressed, because it changes nothing; every other action is confirmed or asks something first.
AT_ONCE = {"test_connection"}
FRAGMENT = "X-Fragment"
# An account that cannot even be read has neither buttons nor anything to say.
UNREADABLE = (LookupError, SecretUnreadable, ImproperlyConfigured, ValidationError)


def notices_of(account: IntegrationAccount) -> list[str]:
    """What the provider has to say about this account."""
    try:
        return list(account.connect().notices())
    except UNREADABLE:
        return []


def buttons_of(account: IntegrationAccount) -> list[dict[str, Any]]:
    """The buttons that make sense for what is stored."""
    try:
        provider = account.connect()
    except UNREADABLE:
        return []
    actions = [a for a in actions_of(type(provider)).values() if applies(a, provider)]
    actions.sort(key=lambda a: a.key not in AT_ONCE)
    return [
        {"action": a, "url": url_of(account, a.key), "at_once": a.key in AT_ONCE, "primary": a.key in AT_ONCE}
        for a in actions
    ]


def applies(wanted: Action, provider: Provider) -> bool:
    """Whether the button makes sense. One that depends on a secret that cannot be read makes none."""
    try:
        return wanted.applies is None or wanted.applies(provider)
    except SecretUnreadable:
        return False


def url_of(account: IntegrationAccount, key: str) -> str:
    return reverse("admin:integrations_integrationaccount_action", args=[account.pk, key])


def action_page(request: HttpRequest, account: IntegrationAccount, key: str, context: dict[str, Any]) -> HttpResponse:
    """GET asks, POST runs and shows the result. Never a traceback: whatever happens is told on the page.

    A file that was made is the answer itself; the dialog shows what to do with it and saves it from there."""
    action, refusal = _find(account, key)
    form = _form(request, action) if action and action.form else None
    result = Result(False, refusal) if refusal else None
    if action and request.method == "POST" and (form is None or form.is_valid()):
        result = run(account, action, form)
    fragment = FRAGMENT in request.headers
    if result and result.download and not fragment:
        return attachment(result.download)
    page = {
        **context,
        "account": account,
        "action": action,
        "form": form,
        "result": None if form is not None and form.errors else result,
        "verdict": verdicts.card(result.verdict) if result and result.verdict else None,
        "sound": sound_of(result),
        "file": address_of(result.download) if result and result.download else "",
        "redirect_host": urlsplit(result.redirect).netloc if result and result.redirect else "",
        "again_url": url_of(account, key),
    }
    name = "fragment" if fragment else "action"
    response = TemplateResponse(request, f"integrations/account/{name}.html", page)
    response["Cache-Control"] = "no-store"
    return response


def _form(request: HttpRequest, action: Action) -> forms.Form:
    bound = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    made: forms.Form = action.form(*bound, auto_id="id_action_%s")  # type: ignore[misc]
    return made


def _find(account: IntegrationAccount, key: str) -> tuple[Action | None, str]:
    """The action, or a sentence why it cannot run."""
    try:
        provider = account.connect()
    except (LookupError, SecretUnreadable, ImproperlyConfigured) as error:
        return None, str(error)
    except ValidationError as error:
        return None, " ".join(error.messages)
    action = actions_of(type(provider)).get(key)
    if action is None:
        return None, _("This account has no such button.")
    if action.applies is not None and not action.applies(provider):
        return None, _("“%s” does not go with the present settings of this account.") % action.label
    if not account.enabled:
        return None, _("The account is disabled. Enable it and save, then try again.")
    return action, ""


def sound_of(result: Result | None) -> str:
    """What is to be played, as an address that holds it: nothing is stored, and only this page has it."""
    return f"data:audio/wav;base64,{base64.b64encode(result.wav).decode()}" if result and result.wav else ""


def attachment(made: Download) -> HttpResponse:
    """The file as something to save, never to show: what a provider puts into it is not a page of ours."""
    response = HttpResponse(made.content, content_type=made.content_type)
    response["Content-Disposition"] = content_disposition_header(True, made.name) or "attachment"
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def address_of(made: Download) -> str:
    """The file as an address that holds it, like a sound: nothing is stored between two requests."""
    return f"data:{made.content_type};base64,{base64.b64encode(made.content).decode()}"


def run(account: IntegrationAccount, action: Action, form: forms.Form | None) -> Result:
    """One run. Vendor errors, settings that do not hold and faults of ours all become a `Result`."""
    data = form.cleaned_data if form is not None else {}
    try:
        provider = account.connect()
        return getattr(provider, action.key)(**data)
    except IntegrationError as error:
        _on_the_field(form, error)
        return Result(False, str(error), verdict=explain(provider, error))
    except ValidationError as error:
        return Result(False, " ".join(error.messages))
    except (LookupError, SecretUnreadable, ImproperlyConfigured) as error:
        return Result(False, str(error))
    except Exception as error:  # the page must say something, whatever a provider does
        return _fault(account, action, error)


def _on_the_field(form: forms.Form | None, error: IntegrationError) -> None:
    field = getattr(error, "field", None)
    if form is not None and field in form.fields:
        form.add_error(field, str(error))


def _fault(account: IntegrationAccount, action: Action, error: Exception) -> Result:
    """A bug: the page gives a number, the log the place. The exception may say anything, so it is not shown."""
    number = uuid.uuid4().hex[:8]
    logger.exception("Fault %s: action %s of account %s", number, action.key, account.name)
    rows = ((_("Number of the fault"), number), (_("Kind"), type(error).__name__))
    return Result(
        False,
        _(
            "Something went wrong in this program, not at the vendor. Tell whoever runs it the number below; the log "
            "explains the rest."
        ),
        rows=rows,
    )
