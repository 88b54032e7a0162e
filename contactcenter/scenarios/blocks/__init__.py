"""What a step of a scenario can be. One explicit list; to add a block, write its class and add it here."""

from . import salesforce, service_cloud, servicenow, zendesk
from .automation import ZapierSignal
from .base import Block
from .bot import AskBot, ChatBotSelectAccount
from .call import CollectDigits, ConnectCall, FindAgent
from .contacts import IdentifyContact
from .desktop import AttachedData, InternalMessage, WebScreenPop
from .fetch import FetchUrl
from .flow import ExceptionHandler, StartAnotherScenario, Wait
from .logic import GetNextRecord, If, Log, SetVariable
from .mail import EMail

BLOCKS: tuple[type[Block], ...] = (
    servicenow.ServiceNowSelectAccount,
    servicenow.ServiceNowSearch,
    servicenow.ServiceNowCreate,
    servicenow.ServiceNowRelate,
    servicenow.ServiceNowUpdate,
    servicenow.ServiceNowDelete,
    servicenow.ServiceNowScreenPop,
    salesforce.SalesforceSelectAccount,
    salesforce.SalesforceSearch,
    salesforce.SalesforceInsert,
    salesforce.SalesforceUpdate,
    salesforce.SalesforceDelete,
    salesforce.SalesforceScreenPop,
    zendesk.ZendeskSelectAccount,
    zendesk.ZendeskSearch,
    zendesk.ZendeskCreate,
    zendesk.ZendeskUpdate,
    zendesk.ZendeskDelete,
    zendesk.ZendeskScreenPop,
    zendesk.ZendeskApiRequest,
    service_cloud.RightNowSelectAccount,
    service_cloud.RightNowSearch,
    service_cloud.RightNowCreate,
    service_cloud.RightNowUpdate,
    service_cloud.RightNowDelete,
    service_cloud.RightNowScreenPop,
    service_cloud.OracleSelectAccount,
    service_cloud.OracleSearch,
    service_cloud.OracleCreate,
    service_cloud.OracleUpdate,
    service_cloud.OracleDelete,
    service_cloud.OracleScreenPop,
    IdentifyContact,
    CollectDigits,
    FindAgent,
    ConnectCall,
    WebScreenPop,
    AttachedData,
    InternalMessage,
    EMail,
    FetchUrl,
    ChatBotSelectAccount,
    AskBot,
    ZapierSignal,
    If,
    SetVariable,
    GetNextRecord,
    Wait,
    StartAnotherScenario,
    ExceptionHandler,
    Log,
)
BY_KIND: dict[str, type[Block]] = {block.kind: block for block in BLOCKS}

__all__ = ["BLOCKS", "BY_KIND", "Block"]
