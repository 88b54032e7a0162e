"""Amazon S3 with one bucket: checks every signature itself, keeps what is stored, and lets a person listen to it.

`sigv4.py` signatures in headers and links, `words.py` the XML of lists and errors, `store.py` objects and uploads,
`sound.py` the recordings it begins with, `server.py` the interface and the page. Written from the API reference: no SDK
is used here, so that an SDK's mistakes are not ours too."""

from .server import S3

__all__ = ["S3"]
