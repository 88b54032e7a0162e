import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contactcenter', '0020_agent_state_sequence'),
    ]

    operations = [
        migrations.AddField(
            model_name='service',
            name='chat_bot',
            field=models.ForeignKey(blank=True, help_text="Answers customers of this service's chats by itself, until it hands over to an agent. Empty: agents answer from the first message on.", limit_choices_to={'type': 'bot'}, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='integrations.integrationaccount'),
        ),
        migrations.AddField(
            model_name='service',
            name='agent_words',
            field=models.CharField(blank=True, default='', help_text='Customers who write one of these to the chat bot reach an agent at once, whatever the bot would say. Separated by commas, for example: agent, human, real person', max_length=200, verbose_name='Words for an agent'),
        ),
        migrations.AddField(
            model_name='chat',
            name='bot_heard',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='chat',
            name='bot_service',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contactcenter.service'),
        ),
        migrations.AddField(
            model_name='chatmessage',
            name='by_bot',
            field=models.BooleanField(default=False),
        ),
    ]
