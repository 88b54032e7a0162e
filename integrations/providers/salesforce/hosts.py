"""Which addresses are Salesforce's, and how an organisation's addresses belong together.

Consumer secret and access token go to these hosts and no others: `instance_url` comes out of an answer, and an answer
must not be able to send our token elsewhere."""

from urllib.parse import urlsplit

PRODUCTION = "https://login.salesforce.com"
SANDBOX = "https://test.salesforce.com"
# The last two are the vendor's addresses for the US Department of Defense and for mainland China.
DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
MY_DOMAIN, LIGHTNING = ".my.salesforce.com", ".lightning.force.com"
SANDBOX_MARKS = ("--", ".sandbox.", ".scratch.")


def is_salesforce(url: str) -> bool:
    """Whether this is an https address on one of Salesforce's domains, on the usual port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    return parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc and host.endswith(DOMAINS)


def is_sandbox(url: str) -> bool:
    """`https://name--sandbox.sandbox.my.salesforce.com`, and the older `https://name--sandbox.my.salesforce.com`."""
    host = (urlsplit(url).hostname or "").lower()
    return any(mark in host for mark in SANDBOX_MARKS)


def lightning_origin(my_domain: str) -> str:
    """Where the same organisation's Lightning pages are; the address itself where it is no My Domain."""
    return my_domain.replace(MY_DOMAIN, LIGHTNING) if my_domain.endswith(MY_DOMAIN) else my_domain


def my_domain_of(lightning: str) -> str:
    """The My Domain to a Lightning address, empty for anything else."""
    host = (urlsplit(lightning).hostname or "").lower()
    return f"https://{host.removesuffix(LIGHTNING)}{MY_DOMAIN}" if host.endswith(LIGHTNING) else ""
