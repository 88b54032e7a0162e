"""The broker in a folder."""

import threading
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from contactcenter import broker


@pytest.fixture
def url_options(tmp_path: Path) -> dict[str, str]:
    options = {"data_folder_in": str(tmp_path / "messages"), "control_folder": str(tmp_path / "control")}
    options["data_folder_out"] = options["data_folder_in"]
    broker.install([options["data_folder_in"], options["control_folder"]])
    broker.Transport.global_state.clear()  # Kombu remembers queues of folders that other tests had
    return options


def connect(options: dict[str, str]) -> Connection:
    return Connection("filesystem://", transport_options=options)


def take(connection: Connection, queue: str = "work") -> list[int]:
    """Empty the queue; the numbers that were in its messages."""
    found = []
    with connection.SimpleQueue(queue) as simple:
        while True:
            try:
                message = simple.get(block=False)
            except Empty:
                return found
            message.ack()
            found.append(message.payload)


def put(connection: Connection, *numbers: int, queue: str = "work") -> None:
    with connection.SimpleQueue(queue) as simple:
        for number in numbers:
            simple.put(number)


def test_messages_come_out_in_the_order_in_which_they_went_in(url_options):
    with connect(url_options) as sender, connect(url_options) as receiver:
        put(sender, *range(20))
        assert take(receiver) == list(range(20))
        assert list(Path(url_options["data_folder_in"]).iterdir()) == []


def test_each_message_is_taken_once_however_many_take_at_the_same_time(url_options):
    with connect(url_options) as sender:
        put(sender, *range(200))
    found: list[int] = []
    barrier = threading.Barrier(4)

    def taker() -> None:
        with connect(url_options) as connection:
            barrier.wait(5)
            found.extend(take(connection))

    threads = [threading.Thread(target=taker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(found) == list(range(200))


def test_a_message_that_is_still_being_written_is_not_seen(url_options):
    folder = Path(url_options["data_folder_in"])
    (folder / "1_half.draft").write_text('{"bo')
    with connect(url_options) as connection:
        assert take(connection) == []
        put(connection, 1)
        assert take(connection) == [1]


def test_queues_do_not_see_each_others_messages(url_options):
    with connect(url_options) as connection:
        put(connection, 1, queue="work")
        put(connection, 2, queue="other")
        assert take(connection, "other") == [2]
        assert take(connection, "work") == [1]


def test_connecting_warns_of_nothing(url_options, caplog):
    with connect(url_options) as connection:
        connection.ensure_connection(max_retries=1)
    assert caplog.text == ""
