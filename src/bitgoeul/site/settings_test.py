"""Settings under test: a fresh home, and fast passwords.  BITGOEUL_DATABASE chooses the database as usual."""

import atexit
import os
import shutil
import tempfile

if "BITGOEUL_TEST_HOME" not in os.environ:
    os.environ["BITGOEUL_TEST_HOME"] = tempfile.mkdtemp(prefix="bitgoeul-test-")
    atexit.register(shutil.rmtree, os.environ["BITGOEUL_TEST_HOME"], ignore_errors=True)
_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["BITGOEUL_HOME"] = os.path.join(os.environ["BITGOEUL_TEST_HOME"], _worker)
os.environ.setdefault("BITGOEUL_URL", "http://testserver")
os.environ.setdefault("BITGOEUL_LOG", "ERROR")

from bitgoeul.site.settings import *  # noqa: F403, E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in production: threads and processes of a test meet the locks that are really there.
    # It is migrated once for all workers of a run; each has a copy (see conftest.py).
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["BITGOEUL_TEST_HOME"], "test.sqlite3")}  # noqa: F405
    # A crowd of writers waits for one lock, in no order; a busy machine is no reason to lose one of them.
    DATABASES["default"]["OPTIONS"]["timeout"] = 120  # noqa: F405
KEPT_PAGES_S = 0
WHITENOISE_AUTOREFRESH = True  # a test's client would look through all static files at its first request
