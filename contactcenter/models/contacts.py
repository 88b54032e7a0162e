"""People who call or write."""

from django.conf import settings
from django.db import models

from contactcenter.phone import normalise

from .centre import ContactCenter


class Contact(models.Model):
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    company = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["last_name", "first_name", "id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.company or self.email or f"Contact {self.pk}"


class ContactPhone(models.Model):
    """A number as it was entered, and in E.164 for finding it again."""

    class Kind(models.TextChoices):
        BUSINESS = "business", "Business"
        MOBILE = "mobile", "Mobile"
        HOME = "home", "Home"
        OTHER = "other", "Other"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="phones")
    number = models.CharField(max_length=40)
    e164 = models.CharField(max_length=40, db_index=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BUSINESS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "e164"], name="number_once_per_contact")]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: object, **kwargs: object) -> None:
        self.e164 = normalise(self.number, ContactCenter.current().default_region).key
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class CallerChoice(models.Model):
    """Which of several people with one number an agent chose: preferred when the number calls again."""

    e164 = models.CharField(max_length=128)
    source = models.CharField(max_length=40, help_text='The public id of the CRM account, or "contacts" for our own.')
    kind = models.CharField(max_length=80)
    record_id = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["e164", "source"], name="one_choice_per_number_and_source")]

    def __str__(self) -> str:
        return f"{self.e164}: {self.name}"
