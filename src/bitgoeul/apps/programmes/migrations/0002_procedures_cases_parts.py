"""Calls of every kind: budgets in a unit, a procedure, parts of a grant; cases and copies of blueprints."""

import bitgoeul.apps.programmes.models.applications
import bitgoeul.apps.programmes.models.calls
import bitgoeul.kit.clock
import bitgoeul.kit.text
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0002_invitations_and_tokens'),
        ('programmes', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("call", "programmes_call_gives_something"),
        migrations.RemoveConstraint("call", "programmes_call_within_budget"),
        migrations.RenameField("call", "gives_credits", "share_most"),
        migrations.CreateModel(
            name='Blueprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('based_on', models.CharField(max_length=60)),
                ('title', bitgoeul.kit.text.LocalisedField(default=bitgoeul.kit.text.Localised)),
                ('content', models.JSONField()),
                ('by', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField(default=bitgoeul.kit.clock.now)),
            ],
            options={
                'ordering': ['slug', '-version'],
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=bitgoeul.apps.programmes.models.applications.public_id, editable=False, max_length=16, unique=True)),
                ('title', models.CharField(max_length=120, verbose_name='what it is for')),
                ('created_at', models.DateTimeField(default=bitgoeul.kit.clock.now)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='GrantPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('part', models.CharField(choices=[('credits', 'credits'), ('capacity', 'a claim on a pool'), ('money', 'money'), ('dataset', 'access to a dataset'), ('document', 'a document')], max_length=8)),
                ('quantity', models.BigIntegerField(default=1)),
                ('unit', models.CharField(choices=[('milli-credits', 'thousandths of a credit'), ('won', 'won'), ('units', 'units of the pool'), ('one', 'one')], default='one', max_length=13)),
                ('about', models.CharField(blank=True, max_length=120)),
                ('title', bitgoeul.kit.text.LocalisedField(blank=True, default=bitgoeul.kit.text.Localised)),
                ('numbered', models.BooleanField(default=False)),
                ('reference', models.CharField(max_length=100, unique=True)),
                ('state', models.CharField(choices=[('planned', 'planned'), ('active', 'active'), ('ended', 'ended'), ('returned', 'given back')], default='planned', max_length=8)),
            ],
            options={
                'ordering': ['grant', 'number'],
            },
        ),
        migrations.AddField(
            model_name='application',
            name='amount',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='application',
            name='ask',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='application',
            name='completion_asks',
            field=bitgoeul.kit.text.LocalisedField(blank=True, default=bitgoeul.kit.text.Localised),
        ),
        migrations.AddField(
            model_name='application',
            name='completion_due_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='application',
            name='offer_ends_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='application',
            name='order',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='call',
            name='ask',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='call',
            name='blueprint',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='call',
            name='blueprint_version',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='call',
            name='budget_unit',
            field=models.CharField(choices=[('credits', 'credits'), ('won', 'won'), ('places', 'places')], default='credits', max_length=7),
        ),
        migrations.AddField(
            model_name='call',
            name='gives',
            field=models.JSONField(default=bitgoeul.apps.programmes.models.calls.credits_only),
        ),
        migrations.AddField(
            model_name='call',
            name='procedure',
            field=models.JSONField(default=bitgoeul.apps.programmes.models.calls.automatic_procedure),
        ),
        migrations.AddField(
            model_name='call',
            name='procedure_fingerprint',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='call',
            name='reserved',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='call',
            name='sectors',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='call',
            name='share_least',
            field=models.BigIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='call',
            name='stages',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='grant',
            name='state',
            field=models.CharField(choices=[('active', 'active'), ('suspended', 'suspended'), ('ended', 'ended'), ('returned', 'given back')], default='active', max_length=9),
        ),
        migrations.AlterField(
            model_name='application',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('waiting', 'waiting for a person'), ('returned', 'returned for completion'), ('in_review', 'in review'), ('reserve', 'on the reserve list'), ('offered', 'offered'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('declined', 'declined by the winner'), ('lapsed', 'offer lapsed'), ('withdrawn', 'withdrawn')], default='draft', max_length=9),
        ),
        migrations.AlterField(
            model_name='call',
            name='kind',
            field=models.CharField(choices=[('compute', 'compute credits'), ('dataset-access', 'access to a dataset'), ('equipment', 'demonstration equipment'), ('space', 'rooms of the startup camp'), ('academy', 'seats in the academy'), ('incubation', 'incubation'), ('rnd-voucher', 'R&D voucher'), ('fund-ir', 'pitch to the startup fund'), ('incentive-package', 'incentive package'), ('certification-support', 'support of a certification'), ('sandbox-case', 'regulatory sandbox'), ('attraction-mou', 'memorandum to come to the cluster'), ('joint-research', 'joint research'), ('exhibitor', 'exhibition booth'), ('competition-entry', 'entry to a competition')], default='compute', max_length=24),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.CheckConstraint(condition=models.Q(('granted__gte', 0), ('reserved__gte', 0), ('budget__gte', django.db.models.expressions.CombinedExpression(models.F('granted'), '+', models.F('reserved')))), name='programmes_call_within_budget'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.CheckConstraint(condition=models.Q(('share_least__gt', 0), ('share_most__gte', models.F('share_least')), ('gives_days__gt', 0)), name='programmes_call_gives_something'),
        ),
        migrations.AddConstraint(
            model_name='blueprint',
            constraint=models.UniqueConstraint(fields=('slug', 'version'), name='programmes_blueprint_version_once'),
        ),
        migrations.AddField(
            model_name='case',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.organisation'),
        ),
        migrations.AddField(
            model_name='case',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='application',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='programmes.case'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['state', 'offer_ends_at'], name='programmes_application_offers'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'reserve')), fields=('call', 'order'), name='programmes_application_one_order'),
        ),
        migrations.AddField(
            model_name='grantpart',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='programmes.grant'),
        ),
        migrations.AddConstraint(
            model_name='grantpart',
            constraint=models.UniqueConstraint(fields=('grant', 'number'), name='programmes_grantpart_number_once'),
        ),
        migrations.AddConstraint(
            model_name='grantpart',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='programmes_grantpart_gives_something'),
        ),
    ]
