"""Phone numbers: E.164 beside the raw text. Anonymous and odd numbers never raise. The rules: `integrations`."""

from integrations.phone_numbers import PhoneNumber, digits
from integrations.phone_numbers import read as normalise

__all__ = ["PhoneNumber", "digits", "normalise"]
