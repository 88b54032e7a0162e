"""Phone numbers: E.164 beside the raw text. Anonymous and odd numbers never raise. The rules: `integrations`."""

from integrations.phone.numbers import PhoneNumber, digits
from integrations.phone.numbers import read as normalise

__all__ = ["PhoneNumber", "digits", "normalise"]
