"""What the pages remember between two requests: sessions, tickets between the origins, questions to passkeys."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Three tables of rows that expire."""

    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Ceremony",
            fields=[
                ("id", models.CharField(db_collation="C", max_length=43, primary_key=True, serialize=False)),
                ("session", models.CharField(db_collation="C", max_length=64)),
                ("purpose", models.CharField(db_collation="C", max_length=100)),
                ("challenge", models.BinaryField(max_length=32)),
                ("content", models.JSONField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="HandOff",
            fields=[
                (
                    "digest",
                    models.CharField(db_collation="C", max_length=64, primary_key=True, serialize=False),
                ),
                ("to", models.CharField(db_collation="C", max_length=16)),
                ("session", models.CharField(db_collation="C", max_length=64)),
                ("content", models.JSONField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_data", models.TextField(verbose_name="session data")),
                (
                    "session_key",
                    models.CharField(db_collation="C", max_length=64, primary_key=True, serialize=False),
                ),
                ("origin", models.CharField(db_collation="C", max_length=16)),
                ("subject", models.CharField(blank=True, db_collation="C", max_length=80)),
                ("expire_date", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions"},
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["subject"], name="session_by_subject"),
        ),
    ]
