"""The two big lists of the admin: 500 accounts and 1,000,000 interactions, beside a bare SELECT of the same page."""

import os
import statistics
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks.report import ROUNDS, median, ms, ratio, table  # noqa: E402
from contactcenter.models import Interaction, Service  # noqa: E402
from integrations.fields import Sealed  # noqa: E402
from integrations.models import IntegrationAccount, OAuthToken  # noqa: E402

ACCOUNTS = 500
INTERACTIONS = 1_000_000


def main() -> int:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.create_superuser("bench", "bench@example.com", "bench"))
    rows = []
    for name, fill, url, model in (
        ("accounts", fill_accounts, "/admin/integrations/integrationaccount/", IntegrationAccount),
        ("interactions", fill_interactions, "/admin/contactcenter/interaction/", Interaction),
    ):
        few = queries_of(client, url)
        fill()
        many = queries_of(client, url)
        page = median(lambda url=url: fetch(client, url))
        shown = rows_shown(fetch(client, url).content)
        bare = median(lambda model=model, shown=shown: bare_select(model._meta.db_table, shown))
        asked = statistics.median(in_database(client, url) for _ in range(ROUNDS))
        facts = [name, model.objects.count(), shown, few, many, ms(bare)]
        rows.append([*facts, ms(asked), ratio(asked, bare), ms(page), ratio(page, bare)])
    heads = ["list", "rows", "on page", "queries empty", "full", "bare SELECT", "in database", "", "whole page", ""]
    print(table("(c) Admin lists: constant number of queries; the whole page beside SELECT of its rows", heads, rows))
    return 0


def fetch(client: Client, url: str):
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response


def in_database(client: Client, url: str) -> float:
    """Seconds that the page spends in queries."""
    spent: list[float] = []

    def timed(execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append(time.perf_counter() - began)

    with connection.execute_wrapper(timed):
        fetch(client, url)
    return sum(spent)


def rows_shown(page: bytes) -> int:
    return page.partition(b"<tbody")[2].partition(b"</tbody>")[0].count(b"<tr")


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        fetch(client, url)
    return len(captured)


def bare_select(table_name: str, limit: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table_name}" ORDER BY id DESC LIMIT {int(limit)}')
        cursor.fetchall()


def fill_accounts() -> None:
    accounts = IntegrationAccount.objects.bulk_create(
        IntegrationAccount(
            type="servicenow",
            provider="servicenow",
            name=f"ServiceNow {number:03}",
            properties={"instance_url": f"https://dev{number}.service-now.com", "grant_type": "password"},
            secrets=Sealed.of({"client_secret": f"secret-{number}"}),
        )
        for number in range(ACCOUNTS)
    )
    OAuthToken.objects.bulk_create(
        OAuthToken(account=account, access=Sealed.of("a"), refresh=Sealed.of("r"), status="valid")
        for account in accounts
    )


def fill_interactions() -> None:
    """One statement on the server: a million rows through the ORM would take longer than the measurement."""
    service = Service.objects.create(name="Bench", code="bench")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contactcenter_interaction
              (public_id, call_id, media, direction, state, service_id, customer_number, customer_e164, service_number,
               caller, records, notes, cause, offered_at, answered_at, ended_at, completed_at)
            SELECT gen_random_uuid(), 'bench-' || n, 'voice', 'inbound', 'completed', %s, '+14155550132',
                   '+14155550132', '+14155550100', '{}', '{}', '', '', now() - n * interval '1 second',
                   now() - n * interval '1 second', now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [service.pk, INTERACTIONS],
        )
        cursor.execute("ANALYZE contactcenter_interaction")


if __name__ == "__main__":
    sys.exit(main())
