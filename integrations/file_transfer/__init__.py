"""Brings files to other people's servers: SFTP, FTP and FTPS, and folders of this server.

Whoever fetches files there must never see half of one, and nothing is ever overwritten: a file is written under its
name with `.part` at the end and then renamed. A file of that name which is there already is ours when it holds the same
bytes (we were stopped between the renaming and writing it down); otherwise it is left alone and the delivery fails."""

from .base import FileDoor, Part
from .folder import Folder
from .ftp import Ftp
from .sftp import HostKeyUnknown, Sftp

__all__ = ["FileDoor", "Folder", "Ftp", "HostKeyUnknown", "Part", "Sftp"]
