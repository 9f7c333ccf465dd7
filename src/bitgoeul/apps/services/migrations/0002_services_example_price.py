"""An example price, marked as one, so that a fresh hub can meter."""

import datetime as dt

from django.db import migrations


def add_example(apps, schema_editor):
    price = apps.get_model("services", "Price")
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    price.objects.get_or_create(starts_at=start, defaults={"per_thousand": 500, "is_example": True})


class Migration(migrations.Migration):
    dependencies = [("services", "0001_initial")]

    operations = [migrations.RunPython(add_example, migrations.RunPython.noop)]
