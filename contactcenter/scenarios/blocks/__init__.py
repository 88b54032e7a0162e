"""What a step of a scenario can be. One explicit list; to add a block, write its class and add it here."""

from .automation import ZapierSignal
from .base import Block
from .call import ConnectCall, FindAgent
from .logic import If, Log, SetVariable
from .servicenow import (
    ServiceNowCreate,
    ServiceNowRelate,
    ServiceNowScreenPop,
    ServiceNowSearch,
    ServiceNowUpdate,
)

BLOCKS: tuple[type[Block], ...] = (
    ServiceNowSearch,
    ServiceNowCreate,
    ServiceNowRelate,
    ServiceNowUpdate,
    ServiceNowScreenPop,
    FindAgent,
    ConnectCall,
    If,
    SetVariable,
    Log,
    ZapierSignal,
)
BY_KIND: dict[str, type[Block]] = {block.kind: block for block in BLOCKS}

__all__ = ["BLOCKS", "BY_KIND", "Block"]
