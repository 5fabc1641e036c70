"""Secrets we must keep, encrypted: refreshed logins in the database are worth nothing without the key file.

The key file holds one key a line, the newest first: the first encrypts, all of them decrypt. To change the key, put a
new first line (`python -m inbox.secrets_at_rest` prints one) and drop the old line when every account has been
refreshed once. Losing the file loses the refreshed logins, not the history: the accounts ask to be reconnected.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from sqlalchemy.engine import make_url

from inbox.errors import InboxError
from inbox.setting_values import PROJECT

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_BYTES = 32
"""Of a Fernet key before it is written down."""


class KeyProblem(InboxError):
    """The key file cannot be used; the text says what to do."""


class Unsealable(InboxError):
    """What is stored was encrypted with a key that is gone: it must be obtained anew."""


class SecretsAtRest:
    """Encrypts and decrypts small secrets with the keys of one file."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` as the file writes them, the newest first. Raises ValueError for one that is no key, or for none."""
        if not keys or any(len(urlsafe_b64decode(key)) != KEY_BYTES for key in keys):
            raise ValueError("no Fernet key")
        self._written = tuple(keys)

    @cached_property
    def _keys(self) -> MultiFernet:
        # Six megabytes, for accounts whose logins are refreshed: most processes never seal anything.
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._written])

    def seal(self, logins: Mapping[str, str]) -> str:
        """Those secrets as text for a column; different each time."""
        return self._keys.encrypt(orjson.dumps(dict(logins))).decode("ascii")

    def unseal(self, sealed: str) -> dict[str, str]:
        """What `seal` was given. Raises Unsealable when the key is gone or the text was changed."""
        from cryptography.fernet import InvalidToken

        try:
            logins: dict[str, str] = orjson.loads(self._keys.decrypt(sealed.encode("ascii", "replace")))
        except InvalidToken:
            raise Unsealable("The key that encrypted this login is gone; reconnect the account.") from None
        return logins


def open_secrets(key_file: Path) -> SecretsAtRest:
    """Reads the key file, or makes one for its owner alone, also when two start at once. Raises KeyProblem."""
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place, so that nobody ever reads half a key, and the first one to link wins.
        if not key_file.exists():
            _make(key_file)
        text = key_file.read_text("ascii")
        readable_by_others = key_file.stat().st_mode & 0o077
    except (OSError, UnicodeDecodeError) as error:
        raise KeyProblem(f"The key file {key_file} cannot be read: {error}. Restore it, or move it away.") from None
    if readable_by_others and os.name == "posix":
        raise KeyProblem(f"The key file {key_file} can be read by others. Run: chmod 600 {key_file}")
    try:
        return SecretsAtRest(text.split())
    except ValueError:
        raise KeyProblem(
            f"The key file {key_file} holds something that is no key. Restore it from the backup; or move it away, "
            "start again, and reconnect the accounts whose logins were refreshed."
        ) from None


def key_file_for(database: str) -> Path:
    """Beside the SQLite file; for PostgreSQL `var/secret.key` in the project's folder, the same in every process."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).with_name("secret.key")
    return PROJECT / "var" / "secret.key"


def fingerprint(credentials: Mapping[str, str]) -> str:
    """Tells whether configured credentials are still those a stored login was refreshed from; shows nothing of them."""
    return sha256(b"zuruf login\0" + orjson.dumps(dict(credentials), option=orjson.OPT_SORT_KEYS)).hexdigest()


def new_key() -> str:
    """A line for the key file: what `Fernet.generate_key` makes."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _make(key_file: Path) -> None:
    # mkstemp makes it readable by its owner alone.
    descriptor, aside = tempfile.mkstemp(prefix=f"{key_file.name}.", dir=key_file.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(new_key().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, key_file)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()


if __name__ == "__main__":
    print(new_key())  # noqa: T201
