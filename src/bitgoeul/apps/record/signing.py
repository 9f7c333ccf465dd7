"""The key that signs tree heads.

It comes from BITGOEUL_RECORD_KEY (or the file that BITGOEUL_RECORD_KEY_FILE names); without either it is
made at its first use and kept in the hub's home, readable by the hub alone.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bitgoeul.engines.merkle import canonical_json

FORMAT = "bitgoeul-record-1"


def message(statement: dict[str, Any]) -> bytes:
    """What is signed for a head."""
    return canonical_json({"format": FORMAT, **statement})


def sign(statement: dict[str, Any]) -> tuple[str, str]:
    """Return the public key and the signature over a head's statement, in hex."""
    key = _key(settings.RECORD_KEY or _own_key(Path(settings.HOME)))
    return key.public_key().public_bytes_raw().hex(), key.sign(message(statement)).hex()


@lru_cache(maxsize=2)
def _key(text: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    except ValueError:
        raise ImproperlyConfigured(
            "BITGOEUL_RECORD_KEY=(hidden) cannot be used: expected 64 hex digits, a 32-byte Ed25519 key."
        ) from None


def _own_key(home: Path) -> str:
    """The key in the hub's home, made there once whatever number of processes ask first."""
    path = home / "record_key"
    if not path.exists():
        draft = home / f".record_key-{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_bytes(32).hex())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # whole or not at all, and only the first of several succeeds
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
