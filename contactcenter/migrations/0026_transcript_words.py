from typing import Any

from django.db import migrations

# The expression that Django's SearchVector("text", config="simple") writes: only then PostgreSQL uses the index.
MAKE = (
    "CREATE INDEX transcripts_words ON contactcenter_transcript "
    "USING gin (to_tsvector('simple'::regconfig, COALESCE(text, '')))"
)


def make_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(MAKE)


def drop_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX transcripts_words")


class Migration(migrations.Migration):
    dependencies = [("contactcenter", "0025_call_recordings")]

    operations = [migrations.RunPython(make_index, drop_index)]
