"""Brings files to other people's servers: SFTP, FTP, FTPS and HTTPS PUT, and folders of this server.

Whoever fetches files there must never see half of one, and nothing is ever overwritten: a file is written under its
name with `.part` at the end and then renamed (by HTTPS it appears when it is whole). A file of that name which is there
already is ours when it holds the same bytes (we were stopped between the renaming and writing it down); otherwise it is
left alone and the delivery fails."""

from .base import FileDoor, Part
from .folder import Folder
from .ftp import Ftp
from .https_put import HttpsPut
from .sftp import HostKeyUnknown, Sftp

__all__ = ["FileDoor", "Folder", "Ftp", "HostKeyUnknown", "HttpsPut", "Part", "Sftp"]
