"""What automation platforms read: the kinds of events, and the newest of one kind.

Rules of a polling trigger (Zapier's platform documentation): a JSON array, the newest first, each item an object with a
unique `id` that never changes; an empty array when there is nothing."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.automation import for_platforms
from integrations.models import IntegrationAccount

from . import news


@for_platforms
def event_kinds(request: HttpRequest, account: IntegrationAccount) -> HttpResponse:
    return JsonResponse(news.described(), safe=False)


@for_platforms
def newest_events(request: HttpRequest, account: IntegrationAccount, kind: str) -> HttpResponse:
    """At most a hundred events, each in the form in which the account's platform takes it."""
    found = news.KINDS.get(kind)
    if found is None:
        known = ", ".join(news.KINDS)
        return JsonResponse({"message": f"There is no event of this name. There are: {known}."}, status=404)
    platform = account.connect()
    return JsonResponse([platform.payload(event) for event in found.newest(news.MOST_AT_ONCE)], safe=False)
