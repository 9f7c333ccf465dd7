from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit import clock
from bitgoeul.kit.text import LocalisedField


class Notice(models.Model):
    """One message in one person's inbox, in both languages.

    A notice to an organisation is one row for each of its members of that moment: everybody reads for
    themselves.
    """

    class Tone(models.TextChoices):
        INFO = "info", _("news")
        OK = "ok", _("good news")
        WAIT = "wait", _("waits for you")
        STOP = "stop", _("needs attention")

    class Mail(models.TextChoices):
        NONE = "none", _("no mail")
        WAITING = "waiting", _("mail on its way")
        SENT = "sent", _("mail sent")

    key = models.CharField(max_length=160)
    person = models.ForeignKey("people.Person", models.CASCADE, related_name="+")
    organisation = models.ForeignKey("people.Organisation", models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=60)
    tone = models.CharField(max_length=4, choices=Tone, default=Tone.INFO)
    title = LocalisedField()
    text = LocalisedField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=7, choices=Mail, default=Mail.NONE)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "person"], name="notices_notice_once_per_person"),
            models.CheckConstraint(
                condition=Q(url="") | (Q(url__startswith="/") & ~Q(url__startswith="//")),
                name="notices_notice_leads_inside",
            ),
        ]
        indexes = [models.Index(fields=["person", "read_at"], name="notices_notice_unread")]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def has_text(self) -> bool:
        return any(self.text.values())

    @property
    def is_read(self) -> bool:
        return self.read_at is not None
