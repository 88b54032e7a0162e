"""The blocks as a table for people, made from their classes: `docs/scenarios.md` holds it, and a test compares."""

from .blocks import BLOCKS, Block

HEAD = ("| Block | Settings | Exits |", "|---|---|---|")


def table() -> str:
    """Every block with the labels of its settings and exits, in the order of `BLOCKS`, as Markdown."""
    return "\n".join([*HEAD, *map(row, BLOCKS)])


def row(kind: type[Block]) -> str:
    settings = ", ".join(str(field.label) for field in kind.Settings.base_fields.values())
    words = f"**{kind.label}**: {kind.description}" if kind.description else f"**{kind.label}**"
    return f"| {words} | {settings} | {'; '.join(kind.exits.values())} |"
