"""Vendors' own OpenAPI documents as judges: of what we send, what our simulators answer, and what they call us with.

What is judged is the exchange as a simulator recorded it, or the call that it would make."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS30Validator, validate

FOLDER = Path(__file__).parent / "fixtures" / "specs"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SIGNED_IN = {"Authorization": "Bearer masked-by-the-recorder"}


@cache
def spec(name: str) -> OpenAPI:
    """`line/webhook.yml`: the document, with its kinds written out."""
    document = written_out(yaml.safe_load((FOLDER / name).read_text()))
    return OpenAPI.from_dict(REPAIRS.get(name, dict)(document))


def written_out(document: dict[str, Any]) -> dict[str, Any]:
    """A schema whose kinds hang on a discriminator, as `oneOf` of its kinds.

    JSON Schema does not follow discriminators by itself: a text message without text would pass. The schema that the
    kinds build upon keeps its content under another name, and each kind must have its own value of the property."""
    found = copy.deepcopy(document)
    schemas: dict[str, Any] = found["components"]["schemas"]
    for name, schema in list(schemas.items()):
        mapping = (schema.get("discriminator") or {}).get("mapping")
        if not mapping or "oneOf" in schema:
            continue
        schemas[f"{name}Base"] = {key: value for key, value in schema.items() if key != "discriminator"}
        for value, ref in mapping.items():
            _bind(schemas[ref.rpartition("/")[2]], name, schema["discriminator"]["propertyName"], value)
        schemas[name] = {"oneOf": [{"$ref": ref} for ref in mapping.values()]}
    return found


def _bind(kind: dict[str, Any], base: str, property_name: str, value: str) -> None:
    old, new = f"#/components/schemas/{base}", f"#/components/schemas/{base}Base"
    parts = [{"$ref": new} if part.get("$ref") == old else part for part in kind.get("allOf", [])]
    kind["allOf"] = [*parts, {"type": "object", "properties": {property_name: {"type": "string", "enum": [value]}}}]


def told_apart(document: dict[str, Any]) -> dict[str, Any]:
    """Nexmo's answer is one of two shapes that both fit anything, so each fits both. Here a good part has status 0 and
    an id, a refused part another status and words."""
    schemas = document["components"]["schemas"]
    schemas["Message"] |= {"required": ["to", "message-id", "status"]}
    schemas["Message"]["properties"]["status"]["enum"] = ["0"]
    schemas["ErrorMessage"] |= {"required": ["status", "error-text"]}
    schemas["ErrorMessage"]["properties"]["status"]["pattern"] = "^[1-9]"
    return document


REPAIRS = {"vonage/sms.json": told_apart}


def request_of(exchange: dict[str, Any], host: str) -> MockRequest:
    """A recorded exchange's request; the recorder has taken the credentials out of its headers."""
    kind = exchange["headers"].get("content-type", JSON).partition(";")[0]
    body = exchange["body"]
    data = None if body is None else (urlencode(body) if kind == FORM else json.dumps(body)).encode()
    headers = {name: value for name, value in exchange["headers"].items() if name != "authorization"}
    return MockRequest(
        host, exchange["method"], exchange["path"], args=exchange["query"], headers={**headers, **SIGNED_IN}, data=data,
        content_type=kind,
    )  # fmt: skip


def judge(exchange: dict[str, Any], name: str, host: str) -> None:
    """Raises an `OpenAPIError` where the request or the answer is not as the vendor describes it."""
    judge_request(exchange, name, host)
    judge_answer(exchange, name, host)


def judge_request(exchange: dict[str, Any], name: str, host: str) -> None:
    spec(name).validate_request(request_of(exchange, host))


def judge_answer(exchange: dict[str, Any], name: str, host: str) -> None:
    answer = MockResponse(json.dumps(exchange["response_body"]).encode(), exchange["status"], content_type=JSON)
    spec(name).validate_response(request_of(exchange, host), answer)


def judge_values(values: Any, name: str, schema: str) -> None:
    """Raises a `ValidationError` where the values do not fit this schema of the document."""
    document = yaml.safe_load((FOLDER / name).read_text())
    validate(values, document["components"]["schemas"][schema], cls=OAS30Validator)


def judge_call(body: Any, headers: dict[str, str], name: str, host: str, path: str) -> None:
    """A call that a simulated vendor makes to our webhook."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    spec(name).validate_request(MockRequest(host, "POST", path, headers=headers, data=data, content_type=JSON))
