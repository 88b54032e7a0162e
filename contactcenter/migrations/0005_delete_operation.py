from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contactcenter", "0004_knowledge"),
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
