"""The baseline of `webhooks`: Django with no middleware and one view that inserts one row per message of a request."""

import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare_settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from integrations.models import InboundEvent, IntegrationAccount  # noqa: E402


def insert(request: HttpRequest, public_id: str) -> HttpResponse:
    """Trusts everything: no signature, no duplicates."""
    account = IntegrationAccount.objects.values_list("pk", flat=True).get(public_id=public_id)
    for event in json.loads(request.body)["events"]:
        InboundEvent.objects.create(account_id=account, key=os.urandom(12).hex(), kind=event["type"], payload=event)
    return JsonResponse({"ok": True}, headers={"Content-Length": "12"})


urlpatterns = [path("integrations/webhooks/<uuid:public_id>/", insert)]
