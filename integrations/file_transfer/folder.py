"""A folder of this server, below one root that whoever runs the product has allowed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from integrations.diagnosis.verdict import Passed
from integrations.errors import Cause, IntegrationError, Rejected, Stage, Unavailable

from .base import FileDoor, Part


class Folder(FileDoor):
    """`root` empty: no folders are allowed. `folder` is relative to it and cannot lead out, not even by a link."""

    stages = (Stage.FOLDER, Stage.WRITE, Stage.RENAME)

    def __init__(self, root: str, folder: str) -> None:
        self.root, self.folder = root, folder

    @contextmanager
    def opened(self, passed: list[Passed]) -> Iterator[Part]:
        path = self._path()
        passed.append(Passed(Stage.FOLDER, f"{path} is there"))
        yield FolderPart(path)

    def _path(self) -> Path:
        if not self.root:
            raise Rejected(
                "Folders of this server are switched off: REPORTS_ROOT is not set.",
                cause=Cause.INCOMPLETE,
                stage=Stage.FOLDER,
            )
        root = Path(self.root).resolve()
        path = (root / self.folder.lstrip("/")).resolve()
        if path != root and root not in path.parents:
            raise Rejected(f"{self.folder} leads out of {root}.", cause=Cause.NO_PERMISSION, stage=Stage.FOLDER)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _failure(error, path, Stage.FOLDER) from None
        return path


class FolderPart(Part):
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: bytes) -> None:
        try:
            with (self.path / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _failure(error, self.path / name, Stage.WRITE) from None

    def rename(self, name: str, to: str) -> None:
        """A link fails where the name is taken; a renaming would replace what is there."""
        try:
            os.link(self.path / name, self.path / to)
            (self.path / name).unlink()
        except OSError as error:
            raise _failure(error, self.path / to, Stage.RENAME) from None

    def read(self, name: str, limit: int) -> bytes | None:
        try:
            with (self.path / name).open("rb") as file:
                return file.read(limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure(error, self.path / name, Stage.FOLDER) from None

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            (self.path / name).unlink()


def _failure(error: OSError, path: Path, stage: Stage) -> IntegrationError:
    words = f"{path}: {(error.strerror or str(error)).lower()}."
    if isinstance(error, FileExistsError):
        return Rejected(words, cause=Cause.CONFLICT, stage=stage)
    cause = Cause.NO_PERMISSION if isinstance(error, PermissionError) else Cause.REMOTE_ERROR
    return Unavailable(words, cause=cause, stage=stage)
