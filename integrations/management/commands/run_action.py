"""`manage.py run_action NAME ACTION --json KEY=VALUE...`: press a button of an account from the command line.

Exit status 0 when it worked, 1 when not. With `--json` standard output holds exactly one JSON object. A value may be
`${ENV_NAME}`, so that a password stands in no process list. Where a file is asked for, the value is its path; where
one is made, `--output FILE` says where it goes."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand
from django.utils.datastructures import MultiValueDict
from django.views.decorators.debug import sensitive_variables

from integrations.accounts_file import REFERENCE
from integrations.actions import Action, Download, actions_of
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable
from integrations.management import outcome
from integrations.management.outcome import NotUsable
from integrations.providers.base import Provider


class Command(BaseCommand):
    help = "Runs an action of an integration account. Exit status 0 when it worked, 1 when not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="The account's name.")
        parser.add_argument("action", help="For example test_connection.")
        parser.add_argument(
            "values", nargs="*", metavar="KEY=VALUE", help="The action's form; ${ENV_NAME} is replaced."
        )
        parser.add_argument("--output", metavar="FILE", default="", help="Where a file that the action makes is put.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    @sensitive_variables()
    def handle(self, *args: Any, name: str, action: str, values: list[str], **options: Any) -> None:
        found, rows = run(name, action, values, output=options["output"])
        self.stdout.write(outcome.as_json(found) if options["json"] else outcome.as_text(found, rows))
        if not found["ok"]:
            sys.exit(1)


@sensitive_variables()
def run(
    name: str, key: str, values: list[str], *, output: str = ""
) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """Outcome and steps of one action; every failure is an outcome."""
    try:
        provider = provider_of(name)
        action = action_of(provider, key)
        data = cleaned(action, parsed(values))
        try:
            result = getattr(provider, key)(**data)
        except IntegrationError as error:
            return outcome.error_json(provider, error), ()
        if result.download is not None:
            keep(result.download, output)
        return outcome.result_json(provider, result), result.rows
    except NotUsable as problem:
        return problem.to_json(), ()


def keep(made: Download, output: str) -> None:
    """Put a file that was made where the person wants it. Raises `NotUsable` where that is unsaid or impossible."""
    if not output:
        raise NotUsable(f"The action makes a file, {made.name}.", f"Say where it goes: --output {made.name}")
    try:
        Path(output).write_bytes(made.content)
    except OSError as error:
        raise NotUsable(f"{output}: {error.strerror}.", "Give another place with --output FILE.") from None


def provider_of(name: str) -> Provider:
    account = outcome.account_named(name)
    try:
        provider: Provider = account.connect()
    except (LookupError, SecretUnreadable, ImproperlyConfigured) as error:
        raise NotUsable(str(error), "Correct the account or the environment, then try again.") from None
    except ValidationError as error:
        raise NotUsable(" ".join(error.messages), "Open the account, correct it and save.") from None
    return provider


def action_of(provider: Provider, key: str) -> Action:
    actions = actions_of(type(provider))
    usable = [a.key for a in actions.values() if a.applies is None or a.applies(provider)]
    if key not in usable:
        why = "does not go with the account's settings" if key in actions else "does not exist"
        raise NotUsable(f'The action "{key}" {why}.', f"Use one of: {', '.join(usable)}.")
    return actions[key]


@sensitive_variables()
def parsed(values: list[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    wrong = [key for key, equals, _ in pairs if not equals]
    if wrong:
        raise NotUsable("A value has no name.", "Write values as KEY=VALUE.")
    missing = sorted({v for _, _, text in pairs for v in REFERENCE.findall(text) if v not in os.environ})
    if missing:
        raise NotUsable(f"The environment variable {', '.join(missing)} is not set.", "Set it, then try again.")
    return {key: REFERENCE.sub(lambda found: os.environ[found[1]], text) for key, _, text in pairs}


def files_of(form: type[forms.Form], values: dict[str, str]) -> Any:
    """The files that are named where the form asks for one."""
    found: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    for name, field in form.base_fields.items():
        if isinstance(field, forms.FileField) and values.get(name):
            try:
                found[name] = SimpleUploadedFile(Path(values[name]).name, Path(values[name]).read_bytes())
            except OSError as error:
                raise NotUsable(f"{name}: {values[name]}: {error.strerror}.", f"Give {name}=FILE.") from None
    return found


@sensitive_variables()
def cleaned(action: Action, values: dict[str, str]) -> dict[str, Any]:
    """The values as the action's form cleans them. Raises `NotUsable` with the form's own words."""
    known = list(action.form.base_fields) if action.form else []
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise NotUsable(f"{action.label} has no value {', '.join(unknown)}.", f"Known: {', '.join(known) or 'none'}.")
    if action.form is None:
        return {}
    form = action.form(data=values, files=files_of(action.form, values))
    if not form.is_valid():
        texts = [f"{name}: {message}" for name, messages in form.errors.items() for message in messages]
        raise NotUsable(" ".join(texts), f"Give {' '.join(f'{name}=...' for name in known)}.")
    return dict(form.cleaned_data)
