"""How a chat's file leaves us: as what it really is, and such that a browser does nothing else with it."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ..models import ChatFile
from . import files

# A browser that opens the picture alone styles it itself; nothing in it may run or load.
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def served(file: ChatFile) -> HttpResponse:
    """A picture to be shown; everything else to be saved, whatever it calls itself."""
    response = HttpResponse(bytes(file.content), content_type=file.content_type or "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(not file.content_type, file.name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = HARMLESS
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def picture(request: HttpRequest, signed: str, ending: str) -> HttpResponse:
    """For messengers, which have no log-in here: the signature is the right to see this one picture for a day."""
    file = files.at_signed_address(signed)
    if file is None:
        return HttpResponse(files.GONE, status=404, content_type="text/plain")
    return served(file)
