"""Every setting comes from the environment and has a default that works on a bare machine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bitgoeul.kit import logs
from bitgoeul.kit.settings import setting, words, yes_no
from bitgoeul.site import capabilities

PACKAGE = Path(__file__).resolve().parent.parent

HOME: Path = setting(
    "BITGOEUL_HOME",
    "var",
    read=lambda text: Path(text).resolve(),
    help=gettext_noop("The folder that holds everything the hub writes."),
)
HOME.mkdir(parents=True, exist_ok=True, mode=0o700)

DEBUG: bool = setting("BITGOEUL_DEBUG", "no", read=yes_no, help=gettext_noop("yes only while developing."))
URL: str = setting(
    "BITGOEUL_URL", "http://127.0.0.1:8000", help=gettext_noop("The public address, without a last slash.")
).rstrip("/")
HOSTS: list[str] = setting(
    "BITGOEUL_HOSTS",
    "localhost,127.0.0.1,[::1]",
    read=words,
    help=gettext_noop("Host names the hub answers to."),
)
ALLOWED_HOSTS = [*HOSTS, *([urlsplit(URL).hostname] if urlsplit(URL).hostname else [])]
CSRF_TRUSTED_ORIGINS = [URL]


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:])
            if parts.path.startswith("//")
            else unquote(parts.path) or ":memory:",
            # Each thread keeps its connection: opening one, with its pragmas, costs more than most pages.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000"
                ),
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(query.get("host", parts.hostname or "")),
            "PORT": str(parts.port or query.get("port", "")),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ValueError("expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")


DATABASES: dict[str, Any] = {
    "default": setting(
        "BITGOEUL_DATABASE",
        f"sqlite:///{HOME}/bitgoeul.sqlite3",
        read=_database,
        secret=True,
        help=gettext_noop("Where rows live: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _folder(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError("expected file:///FOLDER")
    return unquote(parts.path)


STORE: str = setting(
    "BITGOEUL_STORE",
    f"file://{HOME}/store",
    read=_folder,
    help=gettext_noop("Where files live: file:///FOLDER."),
)


def _own_key() -> str:
    """A secret key made at the first start and kept where only the hub can read it."""
    path = HOME / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key


def _own_rsa_key() -> str:
    """The key that signs identities for other components, made at the first start for the hub's eyes only.

    It is written aside and then linked, so that two processes that start together read one whole key.
    """
    path = HOME / "oidc_key.pem"
    if not path.exists():
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        aside = HOME / f"oidc_key.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    return path.read_text()


SECRET_KEY: str = (
    setting("BITGOEUL_SECRET_KEY", "", secret=True, help=gettext_noop("Made at the first start when empty."))
    or _own_key()
)
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("BITGOEUL_SECRET_KEY is too short: give at least 32 random characters.")

RECORD_KEY: str = setting(
    "BITGOEUL_RECORD_KEY",
    "",
    secret=True,
    help=gettext_noop(
        "The Ed25519 key that signs the public record, 64 hex digits. Made at its first use when empty."
    ),
)

INSTALLED_APPS = [
    "bitgoeul.site",
    *[f"bitgoeul.apps.{name}" for name in reversed(capabilities.present())],
    "bitgoeul.kit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "django_prometheus",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bitgoeul.kit.middleware.LogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "bitgoeul.kit.kept.KeptPagesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bitgoeul.apps.people.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "bitgoeul.apps.people.middleware.SignInPolicyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "bitgoeul.kit.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "bitgoeul.site.urls"
KEPT_PAGES_S = 1.0  # visitors share a public page for so long
CSRF_FAILURE_VIEW = "bitgoeul.site.views.csrf_failure"
WSGI_APPLICATION = "bitgoeul.site.wsgi.application"
SUBSCRIPTIONS = "bitgoeul.site.subscriptions.SUBSCRIPTIONS"
CITATIONS = "bitgoeul.site.citations.cited"
PERIODIC = "bitgoeul.site.subscriptions.PERIODIC"
PROOF = "bitgoeul.site.proof.proof_of"
FACT_TITLES = "bitgoeul.site.fact_titles.TITLES"
SILENCED_SYSTEM_CHECKS: list[str] = []

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bitgoeul.apps.notices.views.unread_notices",
                "bitgoeul.site.shell.shell",
            ],
        },
    }
]

FORM_RENDERER = "bitgoeul.kit.ui.fields.Renderer"

# Authorization codes and rate limits live in the cache, so it is shared by every process: never local memory.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "bitgoeul_cache"}}
SESSION_ENGINE = "bitgoeul.kit.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY: bool = setting(
    "BITGOEUL_BEHIND_PROXY",
    "no",
    read=yes_no,
    help=gettext_noop("yes if a reverse proxy sets X-Forwarded-Proto and X-Forwarded-For."),
)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# People
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "bitgoeul.apps.people.adapters.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "bitgoeul.apps.people.forms.SignUpForm"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the session that signed up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Bitgoeul] "
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(URL).scheme
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/my/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
HEADLESS_CLIENTS = ("app", "browser")
MFA_ADAPTER = "bitgoeul.apps.people.adapters.MfaAdapter"
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = URL.startswith("http://")
USERSESSIONS_TRACK_ACTIVITY = False
if BEHIND_PROXY:
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
IDP_OIDC_ADAPTER = "bitgoeul.apps.people.adapters.OidcAdapter"
IDP_OIDC_PRIVATE_KEY: str = (
    setting(
        "BITGOEUL_OIDC_KEY",
        "",
        secret=True,
        help=gettext_noop("RSA key (PEM) that signs identities; made at the first start when empty."),
    )
    or _own_rsa_key()
)
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600
# Dotted functions organisation -> bool: does it still have something open that needs an owner?
OBLIGATIONS = [
    "bitgoeul.apps.capacity.queries.has_active_claims",
    "bitgoeul.apps.credits.queries.has_open_holds",
]


# Mail: console:, file:///FOLDER or smtp://USER:PASSWORD@HOST:PORT
def _mail(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme == "file":
        folder = unquote(parts.path)
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": folder,
        }
    if parts.scheme in {"smtp", "smtps"}:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
            "EMAIL_TIMEOUT": 20,
        }
    raise ValueError("expected console:, file:///FOLDER or smtp://USER:PASSWORD@HOST:PORT")


globals().update(
    setting(
        "BITGOEUL_MAIL",
        "console:",
        read=_mail,
        secret=True,
        help=gettext_noop("How mail leaves: console:, file:///FOLDER or smtp://USER:PASSWORD@HOST:PORT."),
    )
)
DEFAULT_FROM_EMAIL = setting(
    "BITGOEUL_MAIL_FROM", "Bitgoeul <hub@localhost>", help=gettext_noop("The sender of the hub's mail.")
)

# Languages and time
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
USE_I18N = USE_TZ = True
TIME_ZONE: str = setting(
    "BITGOEUL_TIME_ZONE",
    "Asia/Seoul",
    help=gettext_noop("The zone in which times are shown and deadlines fall."),
)
# The first holds what Django and django-allauth say, said as the hub says it.
LOCALE_PATHS = [PACKAGE / "locale", PACKAGE / "kit" / "locale", PACKAGE / "site" / "locale"]

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True, mode=0o700)
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
# Vite puts a hash of the content into each name of dist/: such a file never changes.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/dist/.+-[A-Za-z0-9_-]{8}\.\w+$"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Requests: anything larger than a form goes through resumable uploads
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_TEMP_DIR = str(HOME / "incoming")
(HOME / "incoming").mkdir(exist_ok=True, mode=0o700)
UPLOAD_LIMIT: int = (
    setting("BITGOEUL_UPLOAD_LIMIT_MIB", "2048", read=int, help=gettext_noop("The largest upload, in MiB."))
    << 20
)
MODEL_LIMIT: int = (
    setting("BITGOEUL_MODEL_LIMIT_MIB", "256", read=int, help=gettext_noop("The largest ONNX file, in MiB."))
    << 20
)
INFER_LIMIT: int = (
    setting(
        "BITGOEUL_INFER_LIMIT_KIB",
        "1024",
        read=int,
        help=gettext_noop("The largest inference request, in KiB."),
    )
    << 10
)
INFER_ROWS: int = setting(
    "BITGOEUL_INFER_ROWS",
    "1000",
    read=int,
    help=gettext_noop("The most rows that a service answers in one request."),
)
PREDICTOR_MEMORY_MIB: int = setting(
    "BITGOEUL_PREDICTOR_MEMORY_MIB",
    "1024",
    read=int,
    help=gettext_noop("Memory of one prediction process, in MiB."),
)
VISITOR_RATE: int = setting(
    "BITGOEUL_VISITOR_RATE",
    "600",
    read=int,
    help=gettext_noop(
        "Predictions that one address may ask for in a minute, counted over all web processes together; "
        "each process may let through 5 % more."
    ),
)


# Compute: what jobs may use of this machine
def _or(found: Callable[[], int]) -> Callable[[str], int]:
    return lambda text: int(text) if text else found()


def _gpus_or_cpus(text: str) -> str:
    if text not in ("gpus", "cpus"):
        raise ValueError("neither gpus nor cpus")
    return text


def _memory_mib() -> int:
    """Three quarters of the machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4 >> 20


COMPUTE_CPUS: int = setting(
    "BITGOEUL_COMPUTE_CPUS",
    read=_or(lambda: os.cpu_count() or 1),
    help=gettext_noop("Processors that jobs share; all of them when empty."),
)
COMPUTE_MEMORY_MIB: int = setting(
    "BITGOEUL_COMPUTE_MEMORY_MIB",
    read=_or(_memory_mib),
    help=gettext_noop("Memory that jobs share, in MiB; three quarters of the machine's when empty."),
)
COMPUTE_GPUS: int = setting(
    "BITGOEUL_COMPUTE_GPUS",
    read=_or(lambda: len(list(Path("/dev").glob("nvidia[0-9]*")))),
    help=gettext_noop("GPUs that jobs share; those that are found when empty."),
)
COMPUTE_POOL: str = setting(
    "BITGOEUL_COMPUTE_POOL",
    help=gettext_noop(
        "The pool of capacity that this machine is; jobs then count as use of the claims on it. "
        "None when empty."
    ),
)
COMPUTE_POOL_COUNTS: str = setting(
    "BITGOEUL_COMPUTE_POOL_COUNTS",
    "gpus",
    read=_gpus_or_cpus,
    help=gettext_noop("What a unit of that pool is: gpus or cpus."),
)
COMPUTE_WALL_S: int = setting(
    "BITGOEUL_COMPUTE_WALL_S",
    "14400",
    read=int,
    help=gettext_noop("The longest time that a job may ask for, in seconds."),
)
COMPUTE_OUTPUT_MIB: int = setting(
    "BITGOEUL_COMPUTE_OUTPUT_MIB",
    "2048",
    read=int,
    help=gettext_noop("The most that one job may write, in MiB."),
)

# Queries and publications: what one of them may use
LAKE_QUERY_SECONDS: int = setting(
    "BITGOEUL_LAKE_QUERY_SECONDS",
    "30",
    read=int,
    help=gettext_noop("The longest a query may run, in seconds."),
)
LAKE_PUBLISH_SECONDS: int = setting(
    "BITGOEUL_LAKE_PUBLISH_SECONDS",
    "1800",
    read=int,
    help=gettext_noop("The longest a publication may run, in seconds."),
)
LAKE_QUERY_MEMORY_MIB: int = setting(
    "BITGOEUL_LAKE_QUERY_MEMORY_MIB", "1024", read=int, help=gettext_noop("The memory of one query, in MiB.")
)
LAKE_QUERY_DISK_MIB: int = setting(
    "BITGOEUL_LAKE_QUERY_DISK_MIB",
    "2048",
    read=int,
    help=gettext_noop("The scratch disk of one query, in MiB."),
)
LAKE_QUERY_SLOTS: int = setting(
    "BITGOEUL_LAKE_QUERY_SLOTS", "4", read=int, help=gettext_noop("How many queries run at the same time.")
)
LAKE_QUERY_ROWS: int = setting(
    "BITGOEUL_LAKE_QUERY_ROWS", "10000", read=int, help=gettext_noop("The most rows of one answer on a page.")
)
LAKE_EXPORT_ROWS: int = setting(
    "BITGOEUL_LAKE_EXPORT_ROWS",
    "5000000",
    read=int,
    help=gettext_noop("The most rows of one downloaded or saved result."),
)
LAKE_THREADS: int = setting(
    "BITGOEUL_LAKE_THREADS",
    str(min(os.cpu_count() or 1, 8)),
    read=int,
    help=gettext_noop("The threads of one query."),
)

# Drone shows: what making one version may use
SHOWS_SECONDS: int = setting(
    "BITGOEUL_SHOWS_SECONDS",
    "900",
    read=int,
    help=gettext_noop("The longest that making one drone show may take, in seconds."),
)
SHOWS_MEMORY_MIB: int = setting(
    "BITGOEUL_SHOWS_MEMORY_MIB",
    "6144",
    read=int,
    help=gettext_noop("The address space of a process that makes or previews a drone show, in MiB."),
)
SHOWS_DISK_MIB: int = setting(
    "BITGOEUL_SHOWS_DISK_MIB",
    "2048",
    read=int,
    help=gettext_noop("The largest file that making a drone show may write, in MiB."),
)
SHOWS_THREADS: int = setting(
    "BITGOEUL_SHOWS_THREADS",
    str(min(os.cpu_count() or 1, 8)),
    read=int,
    help=gettext_noop("The threads of a process that makes or previews a drone show."),
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": logs.formatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"httpx": {"level": "WARNING"}},  # one line per request that the hub itself makes helps nobody
    "root": {
        "handlers": ["stderr"],
        "level": setting("BITGOEUL_LOG", "INFO", help=gettext_noop("DEBUG, INFO, WARNING or ERROR.")),
    },
}
logs.configure()
