"""Speaks: Flite where it is installed, else eSpeak NG, as programs of their own that end after each sentence."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from integrations.sound import Sound, read_wav

SECONDS = 30.0
MISSING = "No speech engine is installed on this machine. Debian: apt-get install flite (or espeak-ng)."
TAG = re.compile(r"<[^>]*>")
# Who speaks where the wanted engine is not there.
ESPEAK_FOR = {"rms": "en-us+m3", "kal16": "en-us+m1", "awb": "en-gb+m2", "slt": "en-us+f3"}


class CannotSpeak(RuntimeError):
    """No engine on this machine speaks with that voice; the text says what to install."""


def engines() -> str:
    """What this machine speaks with, in words for the simulator's page."""
    found = [name for name in ("flite", "espeak-ng") if shutil.which(name)]
    return " and ".join(found) if found else MISSING


def speak(text: str, voice: str) -> Sound:
    """The text in a Flite voice ("rms", "slt", "kal16", "awb") or an eSpeak one ("de", "fr" ...).

    Takes a fraction of a second: call it in a thread. Raises `CannotSpeak`."""
    flite, espeak = shutil.which("flite"), shutil.which("espeak-ng")
    with tempfile.TemporaryDirectory(prefix="speech-") as folder:
        target = Path(folder) / "speech.wav"
        if voice in ESPEAK_FOR and flite:
            command = [flite, "-voice", voice, "-o", str(target), "-t", text]
        elif espeak:
            command = [espeak, "-v", ESPEAK_FOR.get(voice, voice), "-w", str(target), "--", text]
        else:
            raise CannotSpeak(MISSING)
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603
            return read_wav(target.read_bytes())
        except (subprocess.SubprocessError, OSError, ValueError) as failure:
            raise CannotSpeak(f"The speech engine {Path(command[0]).name} failed.") from failure


def text_of(ssml: str) -> str:
    """What SSML says, without its tags."""
    return " ".join(html.unescape(TAG.sub(" ", ssml)).split())
