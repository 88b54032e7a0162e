"""The API server of NICE Uptivity: `rules.py` what a request must look like, `phones.py` what it does, `packets.py` how
an answer goes out, `simulator.py` the two doors and the board."""

from __future__ import annotations

from .simulator import NiceUptivity

__all__ = ["NiceUptivity"]
