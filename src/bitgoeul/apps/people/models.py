from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow


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
    business_number = models.CharField(
        _("business number"), max_length=10, unique=True, null=True, blank=True
    )
    region = models.CharField(_("region"), max_length=40)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.STARTUP)
    sector = models.CharField(_("sector"), max_length=10, choices=Sector)
    contacts = models.JSONField(_("contacts"), default=list, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(business_number__isnull=False) | models.Q(stage="pre_startup"),
                name="people_organisation_numbered_once_founded",
            )
        ]

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


class Invitation(models.Model):
    """A place in an organisation, offered by e-mail until it expires."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", pgettext_lazy("invitation", "withdrawn")

    STATE_KINDS = {"pending": "wait", "accepted": "ok", "declined": "stop", "withdrawn": "quiet"}
    FLOW = Flow(
        {
            State.PENDING: frozenset({State.ACCEPTED, State.DECLINED, State.WITHDRAWN}),
            State.ACCEPTED: frozenset(),
            State.DECLINED: frozenset(),
            State.WITHDRAWN: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=8, choices=Membership.Role, default=Membership.Role.MEMBER)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    invited_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    answered_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(state="pending"),
                name="people_invitation_one_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.role} {self.state}"

    @property
    def has_expired(self) -> bool:
        return self.state == self.State.PENDING and self.expires_at <= clock.now()


class ApiToken(models.Model):
    """A key with which a program acts for a person.  Only its digest is kept."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= clock.now()

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and not self.has_expired


# What the hub knows about a living person, why, and until when.  The privacy page is printed from this.
PERSONAL_FIELDS: list[tuple[str, Any, Any, Any]] = [
    (
        "Person.email",
        _("E-mail address"),
        _("To sign in, to confirm who you are and to reach you."),
        _("Until you erase your account."),
    ),
    (
        "Person.name",
        _("Name"),
        _("To show the members of your organisations who did what."),
        _("Until you change it or erase your account."),
    ),
    (
        "Person.language",
        _("Language"),
        _("To write to you in your language."),
        _("Until you erase your account."),
    ),
    (
        "Person.password",
        _("Password"),
        _("To sign in. Only a hash is kept, from which the password cannot be read."),
        _("Until you change it or erase your account."),
    ),
    (
        "Authenticator.data",
        _("Authenticator app, passkeys and recovery codes"),
        _("To protect your sign-in."),
        _("Until you remove them or erase your account."),
    ),
    (
        "UserSession.ip",
        _("Address and browser of each signed-in session"),
        _("So that you can see and end a session that is not yours."),
        _("Until the session ends, at most two weeks."),
    ),
    (
        "VisitorMinute.visitor",
        _("Address that asks a service for predictions, as a keyed hash"),
        _("So that nobody takes a service from everybody else."),
        _("For an hour."),
    ),
    (
        "Membership",
        _("Organisations and roles"),
        _("To decide what you may see and do."),
        _("Until you leave the organisation or erase your account."),
    ),
    (
        "Invitation.email",
        _("Address to which an invitation was sent"),
        _("To hand the invitation to the right person."),
        _("Until ninety days after the invitation expired."),
    ),
    (
        "ApiToken",
        _("API tokens: name, scopes, last use"),
        _("To let your programs act for you. Only a hash of the token is kept."),
        _("Until you erase your account; a revoked token stops working at once."),
    ),
    (
        "Organisation.contacts",
        _("Contact persons of an organisation"),
        _("So that the operator can reach the organisation."),
        _("Until a member changes them, or the person with this address erases the account."),
    ),
    (
        "Fact.personal",
        _("Personal values in the record"),
        _("So that a decision can be explained and checked."),
        _("Until you erase your account; then only a salted hash stays, which keeps the proofs valid."),
    ),
]


class OrganisationDocument(models.Model):
    """A paper of the company file: stored once, used by every application until it is no longer valid."""

    class Kind(models.TextChoices):
        BUSINESS_REGISTRATION = "business-registration", _("business registration")
        FINANCIAL_STATEMENT = "financial-statement", _("financial statement")
        TAX_CLEARANCE = "tax-clearance", _("tax clearance certificate")
        COMPANY_PROFILE = "company-profile", _("company profile")
        CERTIFICATE = "certificate", _("certificate")
        PLAN = "plan", _("plan")
        OTHER = "other", _("other document")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24, choices=Kind)
    name = models.CharField(max_length=120)  # as it was called where it came from
    media_type = models.CharField(max_length=80)  # as its content shows
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=200)  # its name in the store
    valid_until = models.DateField(null=True, blank=True)
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "-added_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "sha256"],
                condition=models.Q(removed_at=None),
                name="people_document_stored_once",
            )
        ]

    def __str__(self) -> str:
        return self.name
