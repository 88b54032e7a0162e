"""Accounts as a file: YAML that people review and keep under version control. Secrets are references, never values.

    - name: ServiceNow production
      provider: servicenow
      default: true
      enabled: true
      simulated: false
      properties: {url: "https://example.service-now.com", ...}
      secrets: {client_secret: "${SERVICENOW_PRODUCTION_CLIENT_SECRET}"}

Exporting the same accounts twice gives the same bytes. Importing changes what the file names and keeps the rest."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from . import history
from .fields import SecretUnreadable
from .models import IntegrationAccount
from .providers import registry
from .wire import redaction

KEYS = ("name", "provider", "default", "enabled", "simulated", "properties", "secrets")
FLAGS = {"default": "is_default", "enabled": "enabled", "simulated": "simulated"}
LONGEST_SHOWN = 120
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class FileProblem(Exception):
    """The file cannot be imported. `problems` are sentences, each naming its account."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# -- export


def dump(accounts: Iterable[IntegrationAccount]) -> tuple[str, list[str]]:
    """The accounts as YAML, and one sentence for each whose secrets cannot be read."""
    warnings: list[str] = []
    taken: set[str] = set()
    entries = [_entry(account, taken, warnings) for account in sorted(accounts, key=lambda a: a.name)]
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=110), warnings


def _entry(account: IntegrationAccount, taken: set[str], warnings: list[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": account.name, "provider": account.provider}
    entry |= {key: getattr(account, column) for key, column in FLAGS.items()}
    try:
        entry["properties"] = {name: in_order(value) for name, value in plain(account.values()).items()}
    except LookupError as error:
        warnings.append(str(error))
        entry["properties"] = dict(sorted(account.properties.items()))
    names, unreadable = _secret_names(account)
    if unreadable:
        warnings.append(f'Account "{account.name}": {unreadable} Its secrets are left out.')
    if names:
        entry["secrets"] = {name: f"${{{_variable(account, name, taken)}}}" for name in names}
    return entry


def plain(value: Any) -> Any:
    """As it is stored: a default that is a tuple in the code is a list in the database and in the file."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def in_order(value: Any) -> Any:
    """A row of a table has its columns in one order: the databases return them in orders of their own."""
    return json.loads(json.dumps(value, sort_keys=True))


def _secret_names(account: IntegrationAccount) -> tuple[list[str], str]:
    try:
        return sorted(name for name, value in (account.secrets.reveal() or {}).items() if value), ""
    except SecretUnreadable as error:
        return [], str(error)


def _variable(account: IntegrationAccount, secret: str, taken: set[str]) -> str:
    """The name of the environment variable: the account's and the secret's, unique within the file."""
    words = re.sub(r"[^A-Z0-9]+", "_", account.name.upper().encode("ascii", "ignore").decode()).strip("_")
    base = f"{words or 'ACCOUNT_' + account.public_id.hex[:8].upper()}_{secret.upper()}"
    base = base if not base[0].isdigit() else f"ACCOUNT_{base}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name)
    return name


# -- import


@dataclass(frozen=True, slots=True)
class Change:
    """One value that the import changes. `words` says how, where that may be shown: never for a secret."""

    name: str
    words: str = ""


@dataclass(slots=True)
class Step:
    """What the import does with one account. `verb` is "create", "change" or "keep"."""

    verb: str
    account: IntegrationAccount
    changes: list[Change]
    changed_secrets: list[str]

    def __str__(self) -> str:
        """A line per account, and under one that exists a line per change."""
        sign = {"create": "+", "change": "~", "keep": "="}[self.verb]
        line = f"{sign} {self.verb:6}  {self.account.name} ({self.account.provider_class.label})"
        if self.verb == "create" and self.changes:
            return f"{line}: {', '.join(change.name for change in self.changes)}"
        if self.verb == "change":
            return "\n".join([line, *(f"            {change.name}: {change.words}" for change in self.changes)])
        return line


def _from_to(before: Any, after: Any) -> str:
    return f"{_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    """A property's value in a few words. Nothing that this process knows as a secret, wherever somebody typed it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, "", [], {}):
        return "(empty)"
    text = redaction.mask(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


def plan(text: str, environment: Mapping[str, str] = os.environ) -> list[Step]:
    """What importing the text would do; nothing is written. Raises `FileProblem` with everything that is wrong."""
    problems: list[str] = []
    steps: list[Step] = []
    for entry in entries_of(text):
        try:
            steps.append(_step(entry, environment))
        except FileProblem as problem:
            problems += problem.problems
    problems += _two_defaults(steps)
    if problems:
        raise FileProblem(problems)
    return [*steps, *_losers(steps)]


def _losers(steps: list[Step]) -> list[Step]:
    """Accounts that the file does not make the default any more, because another one becomes it."""
    winners = {step.account.type: step.account for step in steps if step.account.is_default}
    named = {step.account.pk for step in steps if step.account.pk}
    others = IntegrationAccount.objects.filter(type__in=winners, is_default=True).exclude(pk__in=named)
    found = []
    for other in others:
        other.is_default = False
        words = f'{_from_to(True, False)}, because "{winners[other.type].name}" becomes it'
        found.append(Step("change", other, [Change("default", words)], []))
    return found


def entries_of(text: str) -> list[dict[str, Any]]:
    """The file's entries, their outer shape checked. Raises `FileProblem`."""
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise FileProblem(
            [f"The file is not YAML{where}: {getattr(error, 'problem', None) or 'it cannot be read'}."]
        ) from None
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FileProblem(["The file must be a list of accounts, each with name, provider and properties."])
    names = [str(entry.get("name") or "") for entry in entries]
    problems = [f'"{name}" is in the file twice.' for name in sorted({n for n in names if n and names.count(n) > 1})]
    problems += [f"Account {number} in the file has no name." for number, name in enumerate(names, 1) if not name]
    if problems:
        raise FileProblem(problems)
    return entries


def _step(entry: dict[str, Any], environment: Mapping[str, str]) -> Step:
    name = str(entry["name"])
    account = IntegrationAccount.objects.filter(name=name).first() or IntegrationAccount(name=name)
    _check_shape(entry, account)
    account.provider = str(entry.get("provider") or account.provider)
    changes = [
        Change(key, _from_to(getattr(account, column), entry[key]))
        for key, column in FLAGS.items()
        if key in entry and getattr(account, column) != entry[key]
    ]
    for key, column in FLAGS.items():
        setattr(account, column, entry.get(key, getattr(account, column)))
    given, stored = plain(entry.get("properties") or {}), plain(account.values())
    changes += [
        Change(name, _from_to(stored.get(name), value))
        for name, value in given.items()
        if not account.pk or stored.get(name) != value
    ]
    try:
        secrets = _resolved(name, entry.get("secrets") or {}, environment)
        changed_secrets = account.apply({**stored, **given}, secrets)
        _validate(account)
    except SecretUnreadable as error:
        raise FileProblem([f'"{name}": {error}']) from None
    changes += [Change(f"{secret} (secret)", "changes") for secret in changed_secrets]
    verb = "create" if not account.pk else "change" if changes else "keep"
    return Step(verb, account, changes, changed_secrets)


def _check_shape(entry: dict[str, Any], account: IntegrationAccount) -> None:
    """Everything that would otherwise surprise later, in words. Raises `FileProblem`."""
    name, problems = entry["name"], []
    unknown = sorted(str(key) for key in entry if key not in KEYS)
    if unknown:
        problems.append(f'"{name}": unknown key {", ".join(unknown)}. Known: {", ".join(KEYS)}.')
    problems += [
        f'"{name}": {key} must be true or false.' for key in FLAGS if not isinstance(entry.get(key, True), bool)
    ]
    mappings = [key for key in ("properties", "secrets") if not isinstance(entry.get(key) or {}, dict)]
    problems += [f'"{name}": {key} must be names with values.' for key in mappings]
    problems += _provider_problems(entry, account)
    if not problems:
        problems = _property_problems(entry, str(entry.get("provider") or account.provider))
    if problems:
        raise FileProblem(problems)


def _provider_problems(entry: dict[str, Any], account: IntegrationAccount) -> list[str]:
    name, provider = entry["name"], entry.get("provider")
    if account.pk and provider and provider != account.provider:
        return [
            f'"{name}": the account exists with provider {account.provider}. The provider of an account cannot be '
            "changed: give the account in the file another name, or delete the existing one."
        ]
    if (provider or account.provider) not in registry():
        return [f'"{name}": there is no provider "{provider or ""}". Known: {", ".join(sorted(registry()))}.']
    return []


def _property_problems(entry: dict[str, Any], provider: str) -> list[str]:
    form = registry()[provider].Properties
    known = {"properties": form.plain_names(), "secrets": form.secret_names()}
    return [
        f'"{entry["name"]}": {provider} has no {"secret" if key == "secrets" else "property"} "{field}". '
        f"Known: {', '.join(known[key]) or 'none'}."
        for key in known
        for field in entry.get(key) or {}
        if field not in known[key]
    ]


def _resolved(name: str, secrets: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets with references replaced. Raises `FileProblem` that names the variables, never a value."""
    texts = {secret: str(value) if value is not None else "" for secret, value in secrets.items()}
    missing = sorted({v for text in texts.values() for v in REFERENCE.findall(text) if not environment.get(v)})
    if missing:
        raise FileProblem([f'"{name}": the environment variable {variable} is not set.' for variable in missing])
    return {secret: REFERENCE.sub(lambda found: environment[found[1]], text) for secret, text in texts.items()}


def _validate(account: IntegrationAccount) -> None:
    try:
        account.full_clean(validate_constraints=False)
    except ValidationError as error:
        problems = [
            f'"{account.name}": {message}'
            if field in ("properties", "__all__")
            else f'"{account.name}": {field}: {message}'
            for field, messages in error.message_dict.items()
            for message in messages
        ]
        raise FileProblem(problems) from None


def _two_defaults(steps: list[Step]) -> list[str]:
    """Two accounts of one type cannot both be the default; nor can two accounts of an exclusive type exist."""
    problems = []
    types = [step.account.type for step in steps if step.account.is_default]
    problems += [
        f"Two accounts of the type {kind} are marked as default."
        for kind in sorted({t for t in types if types.count(t) > 1})
    ]
    for step in steps:
        key, pk = step.account.exclusive_key, step.account.pk
        others = [
            s.account.name for s in steps if key and s.account is not step.account and s.account.exclusive_key == key
        ]
        stored = IntegrationAccount.objects.filter(exclusive_key=key).exclude(pk=pk) if key else []
        taken = [*others, *(other.name for other in stored if other.name not in others)]
        if taken and not pk:
            problems.append(
                f'"{step.account.name}": only one account of this type can exist, and there is "{taken[0]}".'
            )
    return problems


@transaction.atomic
def apply(steps: list[Step]) -> None:
    """Write the plan: all of it or nothing. Those that lose the default go first: there is never a second one."""
    for step in sorted(steps, key=lambda step: step.account.is_default):
        if step.verb != "keep":
            step.account.save()
            history.note_changed_secrets(step.account, step.changed_secrets)
