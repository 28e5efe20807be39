from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("migrations_app", "0014_leftovers"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="shared_with_class",
            field=models.BooleanField(default=False, verbose_name="shared with the class"),
        ),
    ]
