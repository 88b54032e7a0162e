"""What feeds over TCP share: a receiver listens, we connect, and nothing comes back.

A one-way stream has no answer: what breaks shows only in the connection itself."""

from typing import ClassVar

from integrations import tcp
from integrations.addresses import simulator_tcp_address
from integrations.errors import Cause, Unavailable
from integrations.http import refuse_inside_transaction
from integrations.providers.base import Provider

LONGEST_SECONDS = 10.0
LEAST_UNACKNOWLEDGED = 10.0  # seconds: a short interval does not make a slow path a dead one
LISTEN_SECONDS = 0.3  # how long a test waits for an objection


class TcpReceiver(Provider):
    """Base of the feeds. Their properties have `host_name`, `port`, `tls`, `periodic_update_interval`."""

    # How many ports after the simulators' own the simulator listens.
    simulator_port: ClassVar[int]

    @property
    def interval(self) -> float:
        return float(self.properties["periodic_update_interval"])

    @property
    def is_secured(self) -> bool:
        return str(self.properties["tls"]) == "on" and not self.account.simulated

    @property
    def address(self) -> tuple[str, int]:
        """Where the receiver listens."""
        if self.account.simulated:
            return simulator_tcp_address(self.simulator_port)
        return str(self.properties["host_name"] or ""), int(self.properties["port"] or 0)

    @property
    def base_url(self) -> str:
        host, port = self.address
        shown = f"[{host}]" if ":" in host else host
        return f"{'tls' if self.is_secured else 'tcp'}://{shown}:{port}"

    @property
    def patience(self) -> float:
        """Seconds for connecting, and for each write: a receiver that does not read is left before the next is due."""
        return max(0.5, min(LONGEST_SECONDS, 0.3 * self.interval))

    @property
    def user_timeout(self) -> float:
        """Seconds for which what was sent may stay unacknowledged; then the receiver's machine counts as gone."""
        return max(LEAST_UNACKNOWLEDGED, 2 * self.interval)

    def connect(self) -> tcp.Stream:
        """A connection whose loss is noticed within two intervals. Raises `Unavailable`."""
        refuse_inside_transaction()
        host, port = self.address
        opened = tcp.connect(
            host, port, account=self.account, tls=self.is_secured, timeout=self.patience, user_timeout=self.user_timeout
        )
        return tcp.Stream(opened, host, port)


def refuse_objection(stream: tcp.Stream) -> None:
    """A one-way receiver says nothing. One that closes at once, or talks, is told."""
    said = stream.hear(LISTEN_SECONDS)
    if said:
        raise Unavailable("Something answers here that is not this kind of receiver.", cause=Cause.WRONG_HOST)
    if said is not None:
        raise Unavailable("The receiver closed the connection at once.", cause=Cause.REMOTE_ERROR)
