from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contactcenter", "0007_suggestion_engine"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboxentry",
            name="operation",
            field=models.CharField(
                choices=[
                    ("create", "Create record"),
                    ("update", "Update record"),
                    ("relate", "Relate records"),
                    ("delete", "Delete record"),
                    ("activity", "Post activity"),
                ],
                max_length=10,
            ),
        ),
    ]
