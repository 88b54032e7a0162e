"""Which addresses we connect to.

An administrator types host names here, and a name may lead into our own network: to the machine itself, to a cloud's
metadata service, to the database next door. So the name is resolved, every address it has is checked, and only a
checked address is connected to (the text of the URL proves nothing: a name can change between check and use).
`INTEGRATIONS_ALLOWED_NETWORKS` opens the networks of systems that are on the premises."""

import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .errors import Cause, Stage, Unavailable

if TYPE_CHECKING:
    from .models import IntegrationAccount

type_of_address = ipaddress.IPv4Address | ipaddress.IPv6Address
type_of_network = ipaddress.IPv4Network | ipaddress.IPv6Network
# IPv6 that carries an IPv4 address inside (RFC 6052, RFC 8215): what it leads to depends on the network's translator.
TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


# The simulators' own port, and those after it on which some of them listen for what is not HTTP.
SIMULATOR_PORTS = 10


@lru_cache(maxsize=8)
def networks(texts: tuple[str, ...]) -> tuple[type_of_network, ...]:
    """Parse the setting. Raises `ImproperlyConfigured` in words."""
    try:
        return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"INTEGRATIONS_ALLOWED_NETWORKS: {error}. Give networks separated by commas, for example 10.0.0.0/8."
        ) from None


@dataclass(frozen=True, slots=True)
class Guard:
    """The rule for one account: public addresses, the allowed networks, and one origin where `free` names it."""

    allowed: tuple[type_of_network, ...] = ()
    free: tuple[str, int] | None = None

    def permits(self, address: type_of_address) -> bool:
        plain = unwrapped(address)
        if any(plain.version == network.version and plain in network for network in self.allowed):
            return True
        return plain == address and is_public(address)

    def resolve(self, host: str, port: int) -> list[str]:
        """The host's addresses that may be connected to. Raises `Unavailable` (stage name)."""
        found = look_up(host, port)
        if self.free and host.lower() == self.free[0] and 0 <= port - self.free[1] < SIMULATOR_PORTS:
            return found
        permitted = [text for text in found if self.permits(ipaddress.ip_address(text.partition("%")[0]))]
        if not permitted:
            raise blocked(host, found)
        return permitted


def guard_for(account: "IntegrationAccount | None") -> Guard:
    """The simulator in the box is free exactly for simulated accounts."""
    free = simulators_address() if account is not None and account.simulated else None
    return Guard(networks(tuple(settings.INTEGRATIONS_ALLOWED_NETWORKS)), free)


def simulators_address() -> tuple[str, int]:
    """Host and port at which the simulators speak HTTP."""
    parts = urlsplit(settings.SIMULATOR_URL)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def simulator_tcp_address(ports_after: int) -> tuple[str, int]:
    """Where a simulator listens for a connection that is not HTTP: so many ports after the simulators' own."""
    host, port = simulators_address()
    return host, port + ports_after


def look_up(host: str, port: int) -> list[str]:
    """Every address of a name, in the order of preference. Raises `Unavailable` when there is none."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        temporary = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise Unavailable(
            f'The name "{host}" cannot be resolved: '
            + ("the name server does not answer." if temporary else "there is no such host."),
            cause=Cause.UNREACHABLE if temporary else Cause.WRONG_HOST,
            stage=Stage.NAME,
        ) from None
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def unwrapped(address: type_of_address) -> type_of_address:
    """The IPv4 address inside an IPv4-mapped one."""
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: type_of_address) -> bool:
    """Whether an address is a host on the public internet and nothing else."""
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    hidden = address.ipv4_mapped or address.sixtofour or address.teredo
    return not hidden and not any(address in network for network in TRANSLATED)


def blocked(host: str, found: list[str]) -> Unavailable:
    shown = ", ".join(found[:3])
    where = f'"{host}"' if [host] == found else f'"{host}" ({shown})'
    return Unavailable(
        f"{where} lies in an internal network, and connections there are blocked.",
        cause=Cause.BLOCKED_ADDRESS,
        stage=Stage.NAME,
    )
