"""The embedded broker: Celery's messages as files in a folder, so that trying the product out needs no server.

Kombu's filesystem transport writes a message under its final name and takes it by way of the system's temporary
folder. A worker that looks at the wrong moment reads half a message and stops; on two file systems, two workers may
take the same one. Here a message appears complete, by renaming, and is taken by renaming: one taker wins.

A message that was taken is gone when its worker is killed. That is allowed: rows are the truth, the sweep repairs."""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Puts and takes whole messages. File name: `<nanoseconds>_<uuid>.<queue>.msg`, so sorting gives the order."""

    @property
    def _folder(self) -> Path:
        return Path(self.data_folder_in)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # its parents disagree
        name = f"{time.time_ns()}_{uuid.uuid4()}"
        draft = self._folder / f"{name}.draft"
        draft.write_text(dumps(payload))
        draft.rename(self._folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in sorted(self._waiting(queue)):
            taken = self._folder / f"{name}.taken"
            try:
                (self._folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            message = loads(taken.read_text())
            taken.unlink()
            return message
        raise Empty

    def _waiting(self, queue: str) -> list[str]:
        return [name for name in os.listdir(self._folder) if name.partition(".")[2] == f"{queue}.msg"]  # noqa: PTH208

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))


class Transport(filesystem.Transport):
    Channel = Channel
    # A folder has no host name; without this every process warns that none was given.
    default_connection_params: ClassVar[dict[str, Any]] = {}


def install(folders: list[str]) -> None:
    """Make `filesystem://` mean this transport and its folders. Raises `OSError` where they cannot be made."""
    TRANSPORT_ALIASES["filesystem"] = "contactcenter.broker:Transport"
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
