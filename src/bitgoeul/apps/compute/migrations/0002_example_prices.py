from django.db import migrations


def add_example_prices(apps, schema_editor):
    """A first list, marked as an example: operators set their own with `bitgoeul compute prices`."""
    apps.get_model("compute", "PriceList").objects.create(
        cpu_hour=1_000, memory_gib_hour=100, gpu_hour=20_000, is_example=True
    )


class Migration(migrations.Migration):
    dependencies = [("compute", "0001_initial")]

    operations = [migrations.RunPython(add_example_prices, migrations.RunPython.noop)]
