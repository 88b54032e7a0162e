"""The form of a dry run: which version, which call, who answers in the place of the vendors."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Agent, Disposition, DryRun, Interaction, InteractionEvent, Scenario, Service
from contactcenter.models.interactions import ENDED
from contactcenter.scenarios.dry_run import Call, Fault, Outcome
from contactcenter.scenarios.dry_run.answers import Answers, from_wire_log
from contactcenter.scenarios.dry_run.calls import BadCall
from contactcenter.scenarios.settings_fields import NAME
from integrations.capabilities import EmbedHost
from integrations.models import IntegrationAccount

MOST_CALLS = 20
MOST_DIGITS = 10
SIMULATED = "simulated"
OUTCOMES = [
    (Outcome.RELEASED, _t("The agent answers, talks, hangs up and completes")),
    (Outcome.ANSWERED, _t("The agent answers, and the call goes on")),
    (Outcome.ABANDONED, _t("The caller hangs up before an answer")),
    (Outcome.RINGING, _t("It arrives, and nothing else happens")),
]
FAULTS = [
    (Fault.NONE, _t("Nothing")),
    (Fault.TIMEOUT, _t("They do not answer at all")),
    (Fault.BROKEN, _t("They answer with a server error")),
    (Fault.REFUSED, _t("They refuse our credentials")),
    (Fault.FORBIDDEN, _t("They deny us a permission")),
    (Fault.LIMITED, _t("They say that we ask too often")),
    (Fault.PAGE, _t("They answer with a web page")),
    (Fault.SHAPE, _t("They answer with data of another shape")),
]


class TryForm(forms.Form):
    """`call()` is the call that was described; `answers()` who keeps the doors."""

    version = forms.TypedChoiceField(label=_t("Version"), coerce=int)
    number = forms.CharField(
        label=_t("Caller's number"), max_length=128, required=False, help_text=_t("Empty: the number is withheld.")
    )
    service = forms.ChoiceField(label=_t("Service"), required=False)
    called = forms.CharField(label=_t("Number called"), max_length=128, required=False)
    at = forms.CharField(
        label=_t("Arrives at"), max_length=40, required=False, help_text=_t("Such as 2026-03-02T09:30. Empty: now.")
    )
    agent = forms.ChoiceField(label=_t("Who is ready"), required=False)
    outcome = forms.ChoiceField(label=_t("What happens"), choices=OUTCOMES)
    chosen = forms.IntegerField(
        label=_t("Caller chosen"), min_value=1, max_value=20, required=False,
        help_text=_t("Of several people with this number: which one the agent takes. Empty: none."),
    )  # fmt: skip
    disposition = forms.ChoiceField(label=_t("Disposition"), required=False)
    notes = forms.CharField(label=_t("Notes"), max_length=4000, required=False, widget=forms.Textarea({"rows": 2}))
    ring_seconds = forms.IntegerField(label=_t("Rings for (seconds)"), min_value=0, max_value=3600, initial=5)
    talk_seconds = forms.IntegerField(label=_t("Lasts (seconds)"), min_value=0, max_value=86_400, initial=60)
    page = forms.ChoiceField(
        label=_t("Desktop is open in"), required=False,
        help_text=_t("The CRM page around the agent's desktop, on which the activity history may depend."),
    )  # fmt: skip
    digits = forms.CharField(
        label=_t("Digits pressed"), max_length=200, required=False,
        help_text=_t("One entry per question, separated by commas."),
    )  # fmt: skip
    variables = forms.CharField(
        label=_t("Variables"), max_length=8000, required=False,
        widget=forms.Textarea({"rows": 3, "class": "code-area"}),
        help_text=_t("Set before the first block, one per line: name=value"),
    )  # fmt: skip
    answers = forms.ChoiceField(label=_t("Who answers"))
    fault = forms.ChoiceField(
        label=_t("What is wrong with the vendors"), choices=FAULTS, required=False,
        help_text=_t("Only where simulators answer."),
    )  # fmt: skip
    reference = forms.CharField(widget=forms.HiddenInput, required=False)

    HEAD = ("version", "answers", "fault")
    CALL = ("number", "service", "called", "at", "agent", "outcome", "chosen", "disposition", "notes")
    MORE = ("ring_seconds", "talk_seconds", "page", "digits", "variables")

    def __init__(self, *args: Any, scenario: Scenario, may_read_wire: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scenario = scenario
        self.sources = dict(sources(scenario, may_read_wire=may_read_wire))
        self.choose("version", [(0, _("Working copy")), *_versions(scenario)])
        self.choose("answers", list(self.sources.items()))
        self.choose("service", [("", _("By the number called")), *Service.objects.values_list("code", "name")])
        self.choose("agent", [("", _("Nobody")), *_agents()])
        self.choose("disposition", [("", _("None")), *Disposition.objects.values_list("code", "name")])
        self.choose("page", [("", _("No CRM page")), *_pages()])

    def choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def head_fields(self) -> list[Any]:
        return [self[name] for name in self.HEAD]

    @property
    def call_fields(self) -> list[Any]:
        return [self[name] for name in self.CALL]

    @property
    def more_fields(self) -> list[Any]:
        return [self[name] for name in self.MORE]

    def clean_variables(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.cleaned_data["variables"].splitlines():
            name, equals, value = line.partition("=")
            if not line.strip():
                continue
            if not equals or not NAME.fullmatch(name.strip()) or name.strip().startswith("_"):
                raise forms.ValidationError(_('"%s" is not of the form name=value.') % line[:60])
            found[name.strip()] = value.strip()
        return found

    def clean_digits(self) -> list[str]:
        found = [each.strip() for each in self.cleaned_data["digits"].split(",") if each.strip()]
        if len(found) > MOST_DIGITS or any(set(each) - set("0123456789*#") for each in found):
            raise forms.ValidationError(_("Digits, * and # only, at most %d entries.") % MOST_DIGITS)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.call().check()
            except BadCall as error:
                self.add_error(error.field if error.field in self.fields else None, str(error))
        return cleaned

    def call(self) -> Call:
        given = self.cleaned_data
        names = ("number", "called", "service", "at", "agent", "page", "outcome", "disposition", "notes", "fault")
        return Call(
            **{name: given.get(name) or "" for name in names},
            chosen=given["chosen"] - 1 if given.get("chosen") else None,
            digits=tuple(given.get("digits") or ()),
            variables=given.get("variables") or {},
            ring_seconds=given["ring_seconds"],
            talk_seconds=given["talk_seconds"],
            reference=given.get("reference") or "",
        )

    def clean_reference(self) -> str:
        """The id of the real call whose answers are used; without its answers, no id of a real call."""
        return str(self.cleaned_data["reference"])

    def doors(self) -> tuple[Answers, str]:
        """Who answers, and a remark where the record is not whole."""
        source, fault = self.cleaned_data["answers"], self.cleaned_data.get("fault") or ""
        if source == SIMULATED:
            return Answers(recorded=None, fault=fault), ""
        kind, _colon, key = source.partition(":")
        if kind == "run":
            earlier = DryRun.objects.get(pk=key, scenario=self.scenario)
            return Answers(recorded=earlier.story["recordings"], simulated=earlier.story.get("simulated", True)), ""
        recorded, partial = from_wire_log(uuid.UUID(key))
        remark = _("%d recorded answers were too long for the wire log and are missing.") % partial if partial else ""
        return Answers(recorded=recorded, simulated=False), remark


def sources(scenario: Scenario, *, may_read_wire: bool) -> list[tuple[str, str]]:
    """Who can answer: simulators, what an earlier dry run recorded, what a real call left in the wire log."""
    found = [(SIMULATED, _("Simulators, in their first state"))]
    for run in scenario.dry_runs.defer("story")[:5]:
        found.append((f"run:{run.pk}", _("Recorded: dry run %s") % f"#{run.pk}, {run.created_at:%Y-%m-%d %H:%M}"))
    if may_read_wire:
        for call in real_calls(scenario):
            words = _("Recorded: call %s") % f"{call.reference}, {call.offered_at:%Y-%m-%d %H:%M}"
            found.append((f"interaction:{call.public_id}", words))
    return found


def real_calls(scenario: Scenario) -> list[Interaction]:
    """The latest finished calls that ran the scenario."""
    ran = Interaction.objects.filter(run__version__scenario=scenario, state__in=ENDED)
    return list(ran.order_by("-id")[:MOST_CALLS])


def _versions(scenario: Scenario) -> list[tuple[int, str]]:
    numbers = scenario.versions.order_by("-number").values_list("number", flat=True)[:50]
    return [(number, _("Version %d") % number) for number in numbers]


def _agents() -> list[tuple[str, str]]:
    agents = Agent.objects.select_related("user").order_by("user__username")[:500]
    return [(agent.login, f"{agent} ({agent.login})") for agent in agents]


def _pages() -> list[tuple[str, str]]:
    found = []
    for account in IntegrationAccount.objects.filter(enabled=True).defer("secrets").order_by("name"):
        try:
            if issubclass(account.provider_class, EmbedHost):
                found.append((account.name, account.name))
        except LookupError:
            continue
    return found


# -- first values


def first_values(scenario: Scenario) -> dict[str, Any]:
    service = scenario.service_set.order_by("pk").first()
    agent = service.agents.select_related("user").order_by("user__username").first() if service else None
    return {
        "version": 0, "answers": SIMULATED, "outcome": Outcome.RELEASED if agent else Outcome.RINGING,
        "number": "+14155550132", "service": service.code if service else "", "agent": agent.login if agent else "",
        "ring_seconds": 5, "talk_seconds": 60,
    }  # fmt: skip


def values_of_call(call: dict[str, Any]) -> dict[str, Any]:
    """A call as it was kept, as the form shows it."""
    return {
        **call,
        "chosen": call["chosen"] + 1 if call.get("chosen") is not None else None,
        "digits": ", ".join(call.get("digits", [])),
        "variables": "\n".join(f"{name}={value}" for name, value in call.get("variables", {}).items()),
    }


def values_of_interaction(interaction: Interaction) -> dict[str, Any]:
    """A real call as a call to play: its numbers, its times, its agent, what the agent did."""
    events = {event.kind: event for event in interaction.events.select_related("agent__user")}
    answered = events.get("answered")
    agent = interaction.agent or (answered.agent if answered else None)
    return {
        "number": interaction.customer_number,
        "called": interaction.service_number,
        "service": interaction.service.code if interaction.service else "",
        "at": interaction.offered_at.replace(microsecond=0).isoformat(),
        "agent": agent.login if agent else "",
        "outcome": _outcome(interaction, answered),
        "chosen": _chosen(interaction, events.get("caller_chosen")),
        "disposition": interaction.disposition.code if interaction.disposition else "",
        "notes": interaction.notes,
        "ring_seconds": _seconds(interaction.offered_at, interaction.answered_at or interaction.ended_at, 5),
        "talk_seconds": _seconds(interaction.answered_at, interaction.ended_at, 60),
        "page": interaction.activity_account.name if interaction.activity_account else "",
        "reference": str(interaction.public_id),
    }


def _outcome(interaction: Interaction, answered: InteractionEvent | None) -> str:
    if answered is not None:
        return Outcome.RELEASED if interaction.ended_at else Outcome.ANSWERED
    return Outcome.ABANDONED if interaction.ended_at else Outcome.RINGING


def _chosen(interaction: Interaction, event: InteractionEvent | None) -> int | None:
    if event is None:
        return None
    ids = [candidate.get("id") for candidate in (interaction.caller or {}).get("candidates", [])]
    return ids.index(event.data.get("id")) + 1 if event.data.get("id") in ids else 1


def _seconds(start: Any, end: Any, otherwise: int) -> int:
    return min(max(int((end - start).total_seconds()), 0), 3600) if start and end else otherwise
