"""People who call or write."""

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models

from contactcenter.phone import normalise
from integrations.models import IntegrationAccount

from .centre import ContactCenter


class Contact(models.Model):
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    company = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    title = models.CharField(max_length=40, blank=True)
    position = models.CharField(max_length=120, blank=True)
    segment = models.CharField(max_length=80, blank=True)
    summary = models.TextField(blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    messengers = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["last_name", "first_name", "id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.company or self.email or f"Contact {self.pk}"


class ContactPhone(models.Model):
    """A number as it was entered, in E.164, and the line it reaches: what a caller's number is compared with."""

    class Kind(models.TextChoices):
        BUSINESS = "business", "Business"
        MOBILE = "mobile", "Mobile"
        HOME = "home", "Home"
        FAX = "fax", "Fax"
        OTHER = "other", "Other"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="phones")
    number = models.CharField(max_length=40)
    e164 = models.CharField(max_length=40, editable=False)
    line = models.CharField(max_length=128, blank=True, default="", editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BUSINESS)

    class Meta:
        # With the id, so that the first few of ten thousand people behind one switchboard are found as fast as one.
        indexes = [models.Index(fields=["line", "id"], name="phones_by_line")]
        constraints = [models.UniqueConstraint(fields=["contact", "e164"], name="number_once_per_contact")]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: object, **kwargs: object) -> None:
        number = normalise(self.number, ContactCenter.current().default_region)
        self.e164, self.line = number.key, number.line
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class ContactEmail(models.Model):
    """An address besides the contact's first one."""

    class Kind(models.TextChoices):
        HOME = "home", "Home"
        WORK = "work", "Work"
        OTHER = "other", "Other"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="emails")
    address = models.EmailField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.address


class ContactAddress(models.Model):
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses")
    line1 = models.CharField("Street", max_length=120, blank=True)
    line2 = models.CharField("Street, line 2", max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=80, blank=True)
    zip = models.CharField("Postcode", max_length=20, blank=True)
    country = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "contact addresses"

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.line1, self.line2, self.zip, self.city, self.state, self.country)))


class ContactLink(models.Model):
    """A profile in a social network."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="social_links")
    url = models.CharField("Address", max_length=400, validators=[URLValidator(["https", "http"])])

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url


class ContactDetail(models.Model):
    """A field with a name of its own: one of the contact centre's, or an external one that is only shown."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="details")
    name = models.CharField(max_length=80)
    value = models.CharField(max_length=400)
    external = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "name", "external"], name="detail_once_per_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class CallerDataAnswer(models.Model):
    """That a caller-data system was asked about a number, so that it is not asked (and paid) again for a while, and
    what was taken over from its answer: [{"target", "value", "taken"}]. Deleted with the contact."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="+")
    e164 = models.CharField(max_length=40)
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="caller_data")
    found = models.BooleanField(default=False)
    offered = models.JSONField(default=list)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "e164"], name="asked_once_per_number")]

    def __str__(self) -> str:
        return f"{self.account}: {self.e164}"


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
