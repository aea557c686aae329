"""Passwords and random secrets to what may be stored of them."""

from __future__ import annotations

import hashlib
import secrets
import threading
from functools import cache
from typing import TYPE_CHECKING

from trivium.core.errors import MissingExtraError
from trivium.human.desk.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_turns = threading.BoundedSemaphore(2)
"""Each takes 64 MB and several cores for a tenth of a second: whoever knocks often must not fill the machine."""
MIN_PASSWORD = 10
MAX_PASSWORD = 256  # longer ones only cost hashing time


def new_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """Return the SHA-256 of a random secret: it has too many bits to be guessed, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password that is long enough."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid({"password": f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters"})
    with _turns:
        return _hasher().hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Say whether the password is the stored one's; takes as long where nothing is stored."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        with _turns:
            fits = _hasher().verify(stored or _nobodys(), password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return fits and stored is not None


@cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError as error:
        raise MissingExtraError("passwords need argon2-cffi", do="pip install 'trivium[studio]'") from error
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """Return the hash of a password nobody has, so that an unknown e-mail takes as long as a known one."""
    return _hasher().hash(new_secret())
