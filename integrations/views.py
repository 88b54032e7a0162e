"""The addresses that vendors, or browsers sent by them, come to: the OAuth callback, the webhook, and Zapier's test."""

import logging
import uuid

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from . import automation, webhooks
from .errors import IntegrationError, Rejected
from .fields import SecretUnreadable
from .models import IntegrationAccount
from .oauth import access
from .tasks import process_events_soon

logger = logging.getLogger(__name__)


@never_cache
@require_GET
@staff_member_required
@permission_required("integrations.change_integrationaccount", raise_exception=True)
@sensitive_variables()
def oauth_callback(request: HttpRequest) -> HttpResponse:
    """The vendor sends the administrator's browser back here, with a code or with a refusal."""
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    try:
        if not code:
            return _refused(request, state)
        account = access.finish_code_flow(state, code)
    except IntegrationError as error:
        messages.error(request, f"Not authorised. {error}")
        return redirect("admin:integrations_integrationaccount_changelist")
    messages.success(request, f"“{account.name}” is authorised. Press Test connection to see as whom.")
    return redirect("admin:integrations_integrationaccount_change", account.pk)


def _refused(request: HttpRequest, state: str) -> HttpResponse:
    """The person, or the vendor, said no (RFC 6749, section 4.1.2.1)."""
    account = access.take_state(state).account
    said = request.GET.get("error_description") or request.GET.get("error") or "no code came back"
    raise Rejected(f"The vendor says: {said[:200]}. The account “{account.name}” is as it was before.")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """An event from a vendor: verified on the raw body, stored once, answered at once. Some vendors check the address
    by GET before they use it."""
    account = IntegrationAccount.objects.filter(public_id=public_id, enabled=True).first()
    if request.method == "GET" and (account is None or not webhooks.takes_get(account)):
        return HttpResponseNotAllowed(["POST"])
    if account is None:
        return JsonResponse({"error": "There is no such webhook."}, status=404)
    try:
        receiver = webhooks.receiver_of(account)
        greeting = receiver.greeting(request)
        if greeting is not None:
            return greeting
        fresh = webhooks.receive(account, receiver, request)
    except webhooks.NotGenuine as reason:
        webhooks.note_refusal(account, str(reason))
        return JsonResponse({"error": "Not accepted."}, status=403)
    except (IntegrationError, ValidationError, SecretUnreadable, LookupError) as error:
        logger.warning('Account "%s": an event could not be taken in: %s', account, error)
        return JsonResponse({"error": "The event cannot be taken in now."}, status=503)
    if fresh:
        process_events_soon()
    return JsonResponse({"ok": True})


@automation.for_platforms
def workflow_trigger(request: HttpRequest, account: IntegrationAccount) -> HttpResponse:
    """Zapier's authentication test: 200 with who the credentials belong to."""
    return JsonResponse(automation.described(account))
