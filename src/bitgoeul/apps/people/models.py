from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit import clock


def public_id() -> str:
    """A random name for a person or an organisation: it tells nothing and never changes."""
    return secrets.token_hex(8)


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, roles=["operator"], **fields
        )


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account."""

    class Role(models.TextChoices):
        OPERATOR = "operator", _("operator")
        STEWARD = "steward", _("data steward")
        AUDITOR = "auditor", _("auditor")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(
        _("language"), max_length=2, default="ko", choices=[("ko", "한국어"), ("en", "English")]
    )
    roles = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=clock.now)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_operator(self) -> bool:
        return self.Role.OPERATOR in self.roles


class Organisation(models.Model):
    """The one company file: written once, read by every form."""

    class Stage(models.TextChoices):
        PRE_STARTUP = "pre_startup", _("before founding")
        STARTUP = "startup", _("startup")
        CORE = "core", _("core company")
        PRE_UNICORN = "pre_unicorn", _("pre-unicorn")
        UNICORN = "unicorn", _("unicorn")
        INSTITUTE = "institute", _("university or institute")
        PUBLIC = "public", _("public body")

    class Sector(models.TextChoices):
        MOBILITY = "mobility", _("mobility")
        HEALTH = "health", _("healthcare")
        ENERGY = "energy", _("energy")
        CULTURE = "culture", _("culture content")
        PUBLIC = "public", _("public services")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    business_number = models.CharField(_("business number"), max_length=10, unique=True)
    region = models.CharField(_("region"), max_length=40)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.STARTUP)
    sector = models.CharField(_("sector"), max_length=10, choices=Sector)
    contacts = models.JSONField(_("contacts"), default=list, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's part in one organisation."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MEMBER = "member", _("member")
        FINANCE = "finance", _("finance")

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role)
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="people_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.role} {self.organisation}"
