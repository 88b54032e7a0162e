"""NICE Uptivity (once CallCopy, then inContact WFO): calls and agents for its API server, by TCP or by HTTP.

The interface is public: help.incontact.com, NICE Uptivity WFO 17.1 to 21.1, "API Overview", "API Server Commands",
"API Server Parameters and Data Types", "API Server Command Results" and "API Server Web API Service". What is
documented there and what is assumed is told in `docs/providers/nice_uptivity.md`.

`properties.py` what is entered, `commands.py` which command says which event, `results.py` what is answered,
`conversation.py` the ways to say it, `provider.py` the account."""

from .provider import NiceUptivity

__all__ = ["NiceUptivity"]
