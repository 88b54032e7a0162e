"""Which of several accounts of a CRM the blocks behind this one use, where they name none themselves."""

from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import AccountField, BlockSettings

from .base import NEXT, Block


class CrmSelectAccount(Block):
    """Remembers the name alone: whether the account can be used is said by the block that uses it, in its own exits."""

    description = "Chooses the account that later blocks of this CRM use. Needed only where there are several."

    class Settings(BlockSettings):
        account = AccountField(required=True, help_text="Name of an integration account.")

    def run(self, context: Context) -> str:
        context.memory.select_account(self.account_type, context.settings["account"])
        return NEXT
