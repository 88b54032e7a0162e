"""Google's discovery documents as JSON schemas: what a method takes and gives, checked against the vendor's own list of
fields. A discovery document is nearly a schema; references and names are where a schema wants them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

DOCUMENT = Path(__file__).parent / "fixtures" / "specs" / "google" / "texttospeech.v1.discovery.json"


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return found


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["schemas"][name]
    return found


def method(*path: str) -> dict[str, Any]:
    """`method("voices", "list")`"""
    *resources, name = path
    place = document()
    for resource in resources:
        place = place["resources"][resource]
    found: dict[str, Any] = place["methods"][name]
    return found


def valid(name: str, value: Any) -> bool:
    """Raises `jsonschema.ValidationError` where the value is none of the type; unknown fields are errors too."""
    definitions = {key: _strict(entry) for key, entry in document()["schemas"].items()}
    jsonschema.validate(value, {"$ref": f"#/$defs/{name}", "$defs": definitions})
    return True


def _strict(value: Any) -> Any:
    if isinstance(value, list):
        return [_strict(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return {"$ref": f"#/$defs/{value['$ref']}"}
    kept = {k: v for k, v in value.items() if k in ("type", "enum", "minimum", "maximum")}
    if "items" in value:
        kept["items"] = _strict(value["items"])
    if "properties" in value:
        kept["properties"] = {name: _strict(entry) for name, entry in value["properties"].items()}
    if value.get("type") == "object" and "additionalProperties" not in value:
        kept["additionalProperties"] = False
    return kept
