"""What caller-data systems share: the button *Look up*."""

from django import forms

from integrations import field_mapping
from integrations.actions import Result, action
from integrations.capabilities import CallerLookup, CallerProfile
from integrations.providers.base import Provider


class LookUpForm(forms.Form):
    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        help_text="With the country code, for example +1 212 555 0123. A look-up may cost money.",
    )


class CallerLookupProvider(CallerLookup, Provider):
    """Base of the providers that know callers by their number."""

    @action("Look up", form=LookUpForm, help_text="Asks who has a number; shows what the mapping makes of it.")
    def look_up(self, phone: str) -> Result:
        profile = self.lookup(phone.strip())
        if profile is None:
            return Result(True, f"{self.label} knows nobody with the number {phone}.")
        return Result(True, f"{self.label} knows the number {phone}.", rows=rows_of(profile))


def rows_of(profile: CallerProfile) -> tuple[tuple[str, str], ...]:
    """What would go into a contact; without a mapping the vendor's own fields."""
    mapped = [(field_mapping.label_of(each.target), each.value) for each in profile.suggestions]
    return tuple(mapped or profile.values.items())
