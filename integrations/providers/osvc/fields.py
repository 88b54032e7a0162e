"""Fields of a record as scenarios write and read them: flat names with dots, texts as values.

`{"subject": "Call", "primaryContact.id": "12"}` is what a scenario sends; the vendor has trees. Going back, every leaf
of the tree becomes a text under its dotted name, and several values of a list are joined by a comma."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.errors import Cause, Rejected

# Parts of a record that are lists at the vendor, in the names of both doors, in lower case.
LISTS = ("emails", "phones", "notes", "threads")


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The tree. Raises `Rejected` where a name is used as a value and as a branch."""
    tree: dict[str, Any] = {}
    for path, value in fields.items():
        *branches, leaf = path.split(".")
        node = tree
        for branch in branches:
            node = node.setdefault(branch, {})
            if not isinstance(node, dict):
                raise clash(path)
        if leaf in node:
            raise clash(path)
        node[leaf] = value
    return tree


def clash(path: str) -> Rejected:
    return Rejected(
        f'The field "{path}" contradicts another field of the same record.', cause=Cause.INVALID_DATA, field=path
    )


def flat(tree: Mapping[str, Any]) -> dict[str, str]:
    """Every leaf as a text under its dotted name, without what is empty."""
    found: dict[str, list[str]] = {}
    for path, value in _leaves(tree, ()):
        found.setdefault(".".join(path), []).append(value)
    return {path: ", ".join(dict.fromkeys(values)) for path, values in found.items()}


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, Mapping):
        for name, child in node.items():
            yield from _leaves(child, (*path, str(name)))
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child, path)
    elif isinstance(node, bool):
        yield path, str(node).lower()
    elif node not in (None, ""):
        yield path, str(node)
