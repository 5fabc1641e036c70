"""Secrets are unreadable without the key file, and the key file is nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from inbox.secrets_at_rest import KeyProblem, Unsealable, fingerprint, key_file_for, open_secrets

LOGIN = {"access_token": "fake-token-1", "refresh_token": "fake-token-2"}


def test_what_is_sealed_comes_back_and_is_unreadable_meanwhile(tmp_path: Path) -> None:
    sealed = open_secrets(tmp_path / "secret.key").seal(LOGIN)
    assert "fake-token" not in sealed
    assert open_secrets(tmp_path / "secret.key").unseal(sealed) == LOGIN


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret.key"
    open_secrets(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        open_secrets(file)


def test_a_new_first_key_still_reads_the_old(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    sealed = open_secrets(file).seal(LOGIN)
    file.write_text(Fernet.generate_key().decode() + "\n" + file.read_text())
    assert open_secrets(file).unseal(sealed) == LOGIN


def test_a_lost_key_says_reconnect(tmp_path: Path) -> None:
    sealed = open_secrets(tmp_path / "one.key").seal(LOGIN)
    with pytest.raises(Unsealable, match="reconnect"):
        open_secrets(tmp_path / "other.key").unseal(sealed)


def test_a_broken_key_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_text("not a key\n")
    file.chmod(0o600)
    with pytest.raises(KeyProblem, match="no key"):
        open_secrets(file)
    assert file.read_text() == "not a key\n"


def test_many_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda number: open_secrets(tmp_path / f"{number // 8}.key"), range(8)))
    sealed = [secrets.seal(LOGIN) for secrets in opened]
    assert all(opened[0].unseal(one) == LOGIN for one in sealed)


def test_the_fingerprint_changes_with_the_credentials_only() -> None:
    assert fingerprint(LOGIN) == fingerprint(dict(reversed(LOGIN.items())))
    assert fingerprint(LOGIN) != fingerprint({**LOGIN, "access_token": "fake-token-3"})


def test_the_key_lies_beside_the_database() -> None:
    assert key_file_for("sqlite:////data/shop/zuruf.db") == Path("/data/shop/secret.key")
    assert key_file_for("postgresql+psycopg://user@host/shop").name == "secret.key"
