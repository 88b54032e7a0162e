"""The forms of presence: the account's switches, one rule, and what would happen to an agent."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Agent, AgentState, NotReadyReason, PresenceRule, PresenceSync
from contactcenter.presence.rules import SETTABLE, Direction

STATES = [(state.value, state.label) for state in AgentState]
ANY_STATE = ("", _("Any state"))


class SettingsForm(forms.ModelForm):
    class Meta:
        model = PresenceSync
        fields = ("poll_seconds", "changes_per_minute")
        labels = {"poll_seconds": _("Look every (seconds)"), "changes_per_minute": _("Changes per minute and agent")}
        help_texts = {
            "poll_seconds": _(
                "How often the CRM is asked for everybody's status. ServiceNow needs one request per agent and round, "
                "Zendesk one for a hundred. 0: never; then only the CRM's page tells of changes, or nobody."
            ),
            "changes_per_minute": _(
                "More changes than this, of both sides together, hold the agent's presence for a minute: two systems "
                "may be answering each other."
            ),
        }


class RuleForm(forms.ModelForm):
    """One rule of one direction; the statuses to choose among are those that the CRM had last."""

    class Meta:
        model = PresenceRule
        fields = ("state", "reason", "from_state", "from_reason", "condition", "their_status", "enabled")

    def __init__(self, sync: PresenceSync, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.direction = self.instance.direction
        statuses = [(each[0], each[1]) for each in sync.statuses]
        kept = self.instance.their_status
        if kept and kept not in dict(statuses):
            statuses.append((kept, _("%s (gone)") % kept))
        self.fields["their_status"] = forms.ChoiceField(choices=[("", "\N{EM DASH}"), *statuses])
        self._name_fields(STATES if self.direction == Direction.OUT else [(s.value, s.label) for s in SETTABLE])

    def _name_fields(self, states: list[tuple[str, str]]) -> None:
        out = self.direction == Direction.OUT
        self.fields["state"] = forms.ChoiceField(
            choices=[ANY_STATE, *states] if out else states, required=not out,
            label=_("When an agent becomes") if out else _("The agent becomes here"),
            help_text="" if out else _("While a call or chat goes on, it becomes the agent's next state."),
        )  # fmt: skip
        self.fields["from_state"] = forms.ChoiceField(
            choices=[ANY_STATE, *STATES], required=False,
            label=_("coming from") if out else _("only while the agent here is"),
        )  # fmt: skip
        for name, label in (("reason", _("with the reason")), ("from_reason", _("with the reason"))):
            field: Any = self.fields[name]
            field.queryset, field.empty_label, field.label = NotReadyReason.objects.all(), _("Any reason"), label
        if not out:
            self.fields["reason"].empty_label = _("No reason")  # type: ignore[attr-defined]
        self.fields["their_status"].label = _("the CRM gets the status") if out else _("When the CRM has the status")
        self.fields["condition"].label = _("Condition")
        self.fields["enabled"].label = _("Rule is on")
        first = ["state", "reason", "from_state", "from_reason", "condition", "their_status"]
        last = ["their_status", "from_state", "from_reason", "condition", "state", "reason"]
        self.order_fields([*(first if out else last), "enabled"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for state, reason in (("state", "reason"), ("from_state", "from_reason")):
            if values.get(reason) and values.get(state) != AgentState.NOT_READY:
                self.add_error(reason, _("Only Not ready has reasons. Choose that state, or no reason."))
        return values


class PreviewForm(forms.Form):
    """`agent`, and either a state of ours or a status of theirs."""

    agent = forms.ModelChoiceField(Agent.objects.none(), label=_("If agent"), empty_label=None)
    becomes = forms.ChoiceField(label=_("becomes"))

    def __init__(self, sync: PresenceSync, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents: Any = self.fields["agent"]
        agents.queryset = Agent.objects.filter(user__is_active=True).select_related("user")
        ours = [(f"ours:{state}:", label) for state, label in STATES]
        reasons = [
            (f"ours:{AgentState.NOT_READY}:{each.pk}", f"{AgentState.NOT_READY.label} ({each.name})")
            for each in NotReadyReason.objects.all()
        ]
        theirs = [(f"theirs:{each[0]}", each[1]) for each in sync.statuses]
        becomes: Any = self.fields["becomes"]
        becomes.choices = [(_("Here"), [*ours, *reasons]), (_("In the CRM"), theirs)]
