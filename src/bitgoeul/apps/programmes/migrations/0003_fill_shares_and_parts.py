"""Calls and grants from before there were shares and parts: each grant took all, and was credits."""

from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    apps.get_model("programmes", "Call").objects.update(share_least=F("share_most"))
    applications = apps.get_model("programmes", "Application").objects
    parts = apps.get_model("programmes", "GrantPart").objects
    for grant in apps.get_model("programmes", "Grant").objects.filter(parts=None).iterator():
        applications.filter(pk=grant.application_id).update(ask=grant.amount, amount=grant.amount)
        parts.create(
            grant=grant,
            number=1,
            part="credits",
            quantity=grant.amount,
            unit="milli-credits",
            reference=grant.reference,
            state="active",
        )


class Migration(migrations.Migration):
    dependencies = [("programmes", "0002_procedures_cases_parts")]

    # Going back needs nothing: the columns and the table go with 0002.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
