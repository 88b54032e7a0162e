"""The screens of this app: accounts, what was said to vendors, what vendors told us."""

from . import accounts, inbound, wirelog

__all__ = ["accounts", "inbound", "wirelog"]
