"""Who of our users somebody at an identity provider is."""

from typing import Any

from django.conf import settings
from django.db import models

from integrations.models import IntegrationAccount


class SignOnIdentity(models.Model):
    """One person at one identity provider, for one door: issuer and NameID, and the user that they are here.

    Made by an administrator, by just-in-time provisioning (`provisioned`), or where an account matches user names."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_on_identities")
    account = models.ForeignKey(
        IntegrationAccount,
        models.CASCADE,
        related_name="sign_on_identities",
        limit_choices_to={"type": "sso"},
        verbose_name="single sign-on account",
    )
    issuer = models.CharField(max_length=500, editable=False)
    subject = models.CharField("NameID", max_length=255, help_text="The person's name at the identity provider.")
    provisioned = models.BooleanField("created at log-in", default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_login_at = models.DateTimeField("last log-in", null=True, editable=False)

    class Meta:
        verbose_name = "single sign-on identity"
        verbose_name_plural = "single sign-on identities"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "issuer", "subject"],
                name="one_user_per_identity",
                violation_error_message="Another user is linked to this NameID already.",
            )
        ]

    def __str__(self) -> str:
        return self.subject

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._name_issuer()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self._name_issuer()

    def _name_issuer(self) -> None:
        """Linked by hand: the identity provider is the one that the account names now."""
        if not self.issuer and self.account_id:
            self.issuer = str(self.account.values().get("identity_provider_issuer") or "")
