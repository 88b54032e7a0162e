"""What each cause means at S3, who acts, and where to click in Amazon's console."""

from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU, Advice
from integrations.errors import Cause

ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "The storage does not accept the access key: the ID is not known there, or the secret is another one's. Keys "
        "that were deleted or set inactive end like this too.",
        YOU,
        "Copy Access Key ID and Secret Key again as one pair, or make a new pair. For private storage, take them from "
        "its own administration.",
        (
            "IAM > Users > the user for this product",
            "Security credentials > Access keys: the key must be listed and Active",
            "Create access key > Application running outside AWS, then copy both values into this account",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "S3 takes a request for expired, or for one from the future, when the clocks differ by more than 15 minutes. "
        "The key itself does not run out.",
        YOU,
        "Let the clock of the server that runs this product follow a time server (NTP), then test again. With private "
        "storage, compare both clocks.",
    ),
    Cause.NO_PERMISSION: Advice(
        "The key is right, and its policy does not allow what was tried.",
        THEIR_ADMINISTRATOR,
        "Allow this user the bucket: s3:GetObject to play, s3:PutObject and s3:AbortMultipartUpload to store (on "
        "arn:aws:s3:::BUCKET/PREFIX*), s3:ListBucket (on arn:aws:s3:::BUCKET) to list, s3:DeleteObject for Test write.",
        (
            "IAM > Users > the user > Permissions > Add permissions > Create inline policy",
            "S3 > Buckets > the bucket > Permissions > Bucket policy: no Deny for this user or our address",
            "If the bucket is encrypted with a key of its own: KMS > Customer managed keys > the key > Key users",
        ),
    ),
    Cause.NOT_FOUND: Advice(
        "The storage is reached and the key accepted, but there is no bucket (or recording) of this name.",
        YOU,
        "Compare S3 bucket with the first column of the list of buckets, letter by letter. The list is that of the "
        "Amazon account the access key belongs to.",
        ("S3 > Buckets", "Copy the name from the column Name"),
    ),
    Cause.WRONG_HOST: Advice(
        "The address is not that of this bucket: another region, or something that is no S3 service.",
        YOU,
        "Amazon: clear Region (Advanced) and test again; it is found out. Private storage: Url is the address of its "
        "S3 service, often with a port of its own, not that of its web console.",
        ("S3 > Buckets > column AWS Region",),
    ),
    Cause.API_DISABLED: Advice(
        "A feature is missing on this server, or S3 is switched off for the Amazon account.",
        YOU,
        "Private storage: set Compatibility mode to On (Advanced) and test again. Amazon: look for an open bill.",
        ("Billing and Cost Management > Payments",),
    ),
    Cause.CONFLICT: Advice(
        "The recording was moved to an archive (Glacier) by a lifecycle rule and cannot be played at once.",
        THEIR_ADMINISTRATOR,
        "Restore it, and exclude the prefix of recordings from the rule if they are to be heard.",
        (
            "S3 > Buckets > the bucket > the object > Initiate restore",
            "S3 > Buckets > the bucket > Management > Lifecycle rules",
        ),
    ),
    Cause.RATE_LIMITED: Advice(
        "S3 slows down while many requests reach one prefix; it passes.",
        VENDOR,
        "Wait a minute and try again. If it lasts, spread recordings over more prefixes.",
    ),
}
