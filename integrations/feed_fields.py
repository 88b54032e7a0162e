"""Form fields that feeds share. Each says in its own help text what the receiver expects."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

SHORTEST_KEEP_ALIVE = 5


class UpdateIntervalField(forms.IntegerField):
    """Seconds between two updates. The guide names no default for WFM; 10 is the comparable feeds' and Loxysoft's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Periodic update interval", initial=10, min_value=1, max_value=3600, **kwargs)


class FullUpdateIntervalField(forms.IntegerField):
    """Seconds after which a feed that sends changes says everything again."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Full update interval", initial=900, min_value=10, max_value=86_400, **kwargs)


class AlertAfterField(forms.IntegerField):
    """How many updates have to fail one after the other before administrators are told. None: the contact centre's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Alert after failed updates",
            required=False,
            min_value=0,
            max_value=100_000,
            help_text=(
                "Those who may change accounts get an e-mail when so many updates of this feed have failed one after "
                "the other, and another one when it works again. Empty: as many as the contact centre's settings say. "
                "0: nobody is told."
            ),
            **kwargs,
        )


class AgentIdField(forms.ChoiceField):
    """By which of our columns the receiver knows an agent."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("login_id", "the login"), ("employee_id", "the employee ID"), ("extension", "the extension")]
        super().__init__(label="Agent ID is", choices=choices, initial="login_id", **kwargs)


class KeepAliveField(forms.IntegerField):
    """Seconds between two keep-alives of a recording feed, 60 by the administrator's guide; 0 switches them off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Keep alive update interval", initial=60, min_value=0, max_value=3600, **kwargs)

    def clean(self, value: Any) -> int:
        seconds = int(super().clean(value) or 0)
        if 0 < seconds < SHORTEST_KEEP_ALIVE:
            raise ValidationError("At least 5 seconds, or 0 for no keep-alive.")
        return seconds


class PrefixField(forms.CharField):
    """What a recorder puts before our user ids or extensions; blanks count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, initial="", strip=False, max_length=40, **kwargs)
