"""What the administrator enters: the guide's fields, and what regions and private servers need (*Advanced*)."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, PatternField, VendorUrlField

from .keys import folder_of

AMAZON_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PRIVATE_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
LONGEST_PREFIX = 200
TEMPORARY_KEY = "ASIA"  # how Amazon's access keys begin that end after hours and need a third part


class S3Properties(PropertiesForm):
    advanced = (
        "region", "key_prefix", "addressing_style", "compatibility_mode", "public_endpoint", "ca_certificate",
    )  # fmt: skip

    use_private_s3_storage = forms.BooleanField(
        label="Use private S3 storage",
        required=False,
        help_text=(
            "Ticked: recordings go to a storage server of your own that speaks the S3 protocol, at the Url below. Not "
            "ticked: to Amazon."
        ),
    )
    url = VendorUrlField(
        label="Url",
        required=False,
        origin_only=True,
        max_length=300,
        help_text=(
            "Needed with Use private S3 storage: the address of that server's S3 service, for example "
            "https://s3.example.com:9000, from whoever runs it."
        ),
    )
    access_key_id = forms.CharField(
        label="Access Key ID",
        max_length=200,
        help_text=(
            "Amazon: IAM > Users > the user for this product > Security credentials > Access keys, for example "
            "AKIAIOSFODNN7EXAMPLE. Private storage: from its administration."
        ),
    )
    secret_key = SecretField(
        label="Secret Key",
        max_length=200,
        help_text=(
            "The secret access key that belongs to it. Amazon shows it once, when the access key is created; a lost "
            "one is replaced by creating a new access key."
        ),
    )
    s3_bucket = forms.CharField(
        label="S3 bucket",
        max_length=255,
        help_text="The unique name of the bucket that holds the recordings: Amazon S3 > Buckets, first column.",
    )
    region = PatternField(
        regex=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        says="A region has letters, digits and hyphens only. Example: eu-central-1",
        label="Region",
        required=False,
        max_length=60,
        help_text=(
            "Amazon S3 > Buckets > AWS Region, for example eu-central-1. Empty: found out at the first connection and "
            "entered here. Private storage: the region in its configuration; empty: us-east-1."
        ),
    )
    key_prefix = forms.CharField(
        label="Key prefix",
        required=False,
        max_length=LONGEST_PREFIX,
        help_text=(
            "Folder inside the bucket, for example recordings/. Only what lies below it is written or listed, so the "
            "access key's policy can be limited to it. Empty: the whole bucket."
        ),
    )
    addressing_style = forms.ChoiceField(
        label="Addressing style",
        choices=[
            ("auto", "Automatic"),
            ("path", "Path: https://host/bucket/key"),
            ("virtual", "Virtual host: https://bucket.host/key"),
        ],
        initial="auto",
        help_text=(
            "Where the bucket stands in the address. Automatic: path for private storage, whose certificate and name "
            "server seldom know bucket.host; virtual host for Amazon. Its administrator knows which one it wants."
        ),
    )
    compatibility_mode = forms.ChoiceField(
        label="Compatibility mode",
        choices=[("auto", "Automatic"), ("on", "On"), ("off", "Off")],
        initial="auto",
        help_text=(
            "On: no checksum headers, which older S3-compatible servers answer with 501 NotImplemented. Automatic: on "
            "for private storage, off for Amazon. See the release notes of your server."
        ),
    )
    public_endpoint = VendorUrlField(
        label="Public endpoint for playback",
        required=False,
        origin_only=True,
        max_length=300,
        help_text=(
            "Only where browsers reach the storage under another name than this server does, for example "
            "https://recordings.example.com: the name in the address is part of a playback link's signature."
        ),
    )
    ca_certificate = CaCertificateField()

    def clean_access_key_id(self) -> str:
        key = str(self.cleaned_data["access_key_id"]).strip()
        if not key.isascii() or not key.isprintable() or re.search(r"[\s/,=]", key):
            raise ValidationError("An access key ID has no spaces, slashes, commas or equals signs.")
        if key.startswith(TEMPORARY_KEY) and len(key) == 20:
            raise ValidationError(
                "This is a temporary access key (ASIA...), which ends within hours. Create one for an IAM user."
            )
        return key

    def clean_key_prefix(self) -> str:
        prefix = folder_of(str(self.cleaned_data["key_prefix"]))
        if not prefix.isprintable() or any(part in ("", ".", "..") for part in prefix.split("/")[:-1]):
            raise ValidationError("Write the prefix as folders joined by single slashes, for example recordings/voice/")
        return prefix

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        private = bool(cleaned.get("use_private_s3_storage"))
        if private and self.simulated is not True:
            self.need("url", "Use private S3 storage is ticked: enter the address of that storage.")
        bucket = str(cleaned.get("s3_bucket") or "")
        if bucket and not (PRIVATE_BUCKET if private else AMAZON_BUCKET).fullmatch(bucket):
            self.add_error("s3_bucket", self._bucket_rule(private=private))
        return cleaned

    @staticmethod
    def _bucket_rule(*, private: bool) -> str:
        if private:
            return "A bucket's name has 2 to 255 letters, digits, dots, hyphens and underscores."
        return (
            "Amazon's bucket names have 3 to 63 lower-case letters, digits, dots and hyphens. Enter the name alone, "
            "without s3:// or a folder."
        )
