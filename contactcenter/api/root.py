"""The API object: who may call it, how errors look, what it consists of.

Every error is {"detail": a sentence, "errors": [{"field", "message"}]}; `errors` is empty where no field is wrong."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from contactcenter.errors import NotPossible

from .auth import BearerToken
from .calls import router as calls_router
from .interactions import router as interactions_router
from .recordings import router as recordings_router
from .workforce import router as workforce_router

DESCRIPTION = """
Telephone systems report calls here, and read what became of them. Workforce management systems fetch agents' states.

**Authentication**: `Authorization: Bearer <token>`. Administrators issue tokens under *API tokens*.

**Repeating is safe**: a report that is sent again, or by several threads at once, is taken in once. Reports may come
late and in any order; one that no longer fits is kept in the history as *ignored*.

**Errors** are `{"detail": "...", "errors": [{"field": "...", "message": "..."}]}`.
"""

api = NinjaAPI(
    title="Contact centre API",
    version="1.0",
    description=DESCRIPTION,
    auth=BearerToken(),
    docs_url=None,  # its page would load scripts from elsewhere, which our Content-Security-Policy forbids
    urls_namespace="api",
)
api.add_router("/calls", calls_router)
api.add_router("/calls", recordings_router)
api.add_router("/interactions", interactions_router)
api.add_router("/wfm", workforce_router)


def _answer(request: HttpRequest, status: int, detail: str, errors: Sequence[dict[str, str]] = ()) -> HttpResponse:
    return api.create_response(request, {"detail": detail, "errors": list(errors)}, status=status)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"field": _field(entry["loc"]), "message": _message(entry)} for entry in error.errors]
    summary = "; ".join(f"{entry['field']}: {entry['message']}" for entry in errors)
    return _answer(request, 422, f"The request is not valid. {summary}", errors)


@api.exception_handler(NotPossible)
def _not_possible(request: HttpRequest, error: NotPossible) -> HttpResponse:
    errors = [{"field": error.field, "message": error.sentence}] if error.field else []
    return _answer(request, 422, error.sentence, errors)


@api.exception_handler(AuthenticationError)
def _unauthorised(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    sentence = 'The token is missing or not valid. Send "Authorization: Bearer <token>" with an enabled API token.'
    response = _answer(request, 401, sentence)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, error.status_code, error.message)


def _field(location: Sequence[Any]) -> str:
    """The name that the caller wrote: ("body", "report", "from") -> "from"."""
    return str(location[-1]) if len(location) > 2 or location[0] != "body" else "body"


def _message(entry: dict[str, Any]) -> str:
    if entry["type"] == "extra_forbidden":
        return "Unknown field. See /api/v1/openapi.json for the fields of this request."
    if entry["type"] == "missing":
        return "This field is required."
    return str(entry["msg"]).removeprefix("Value error, ")
