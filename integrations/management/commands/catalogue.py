"""Print the table of types and providers, or write it into the README."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import capabilities, catalogue
from integrations.providers import registry
from integrations.providers.base import Provider

BEGIN = "<!-- catalogue:begin (made by `manage.py catalogue --write`) -->"
END = "<!-- catalogue:end -->"


def capability_names(provider: type[Provider]) -> str:
    """The capabilities among a provider's bases, in the order of their definition."""
    found = [
        name
        for name, member in vars(capabilities).items()
        if isinstance(member, type) and getattr(member, "__abstractmethods__", None) and issubclass(provider, member)
    ]
    return ", ".join(found)


def table() -> str:
    """Markdown: one line per provider, in the order of the *Add* dialog."""
    lines = ["| Type | Provider | Capabilities | Page |", "|---|---|---|---|"]
    for entry in catalogue.TYPES:
        for key, provider in sorted(registry().items()):
            if provider.type is entry:
                page = f"[{key}](docs/providers/{key}.md)"
                lines.append(f"| {entry.label} | {provider.label} | {capability_names(provider)} | {page} |")
    return "\n".join(lines)


def updated(text: str) -> str:
    """The README with a fresh table. Raises `ValueError` when the marks are missing."""
    head, rest = text.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="replace the table in README.md")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        if not write:
            self.stdout.write(table())
            return
        readme = Path(settings.BASE_DIR) / "README.md"
        try:
            text = updated(readme.read_text())
        except ValueError:
            raise CommandError(f"README.md lacks the marks {BEGIN} and {END}.") from None
        readme.write_text(text)
