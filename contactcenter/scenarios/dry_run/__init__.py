"""Dry runs: a scenario runs for real, in a world of its own.

The blocks, the engine, routing and the outbox are the very code that serves calls; nothing in them knows of dry runs.
What is different is the world around them (`world`): a database in memory with copies of what is set up here, a clock
that is put forward instead of waiting, an agent who does as told, and doors to the outside that are shut
(`integrations.doors`), where simulators or recorded answers stand in for vendors (`answers`). So whatever a block does,
also one that is written next year, it cannot reach a customer, an agent, a vendor, or a row that counts."""

from .calls import Call, Fault, Outcome
from .play import rehearse

__all__ = ["Call", "Fault", "Outcome", "rehearse"]
