"""The payee book: whose payouts go on to which bank account, from whose account, and with which tax withheld."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from usufruct.contracts import EncodeError, address
from usufruct.errors import ConfigError, InputError
from usufruct.money import BASIS, basis_points

__all__ = ["BankAccount", "Payee", "PayeeBook", "load_payees"]

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", re.ASCII)
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{0,33}", re.ASCII)
_NOT_TWO_DECIMALS: Final = frozenset(
    {
        *(
            "BHD",
            "BIF",
            "CLF",
            "CLP",
            "DJF",
            "GNF",
            "IQD",
            "ISK",
            "JOD",
            "JPY",
            "KMF",
            "KRW",
            "KWD",
            "LYD",
        ),
        *("OMR", "PYG", "RWF", "TND", "UGX", "UYI", "UYW", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
"""Currencies of ISO 4217 whose minor unit is not a hundredth."""
_IBAN_MODULUS: Final = 97
_MOST_BYTES: Final = 16 << 20
Name = Annotated[str, Field(min_length=1, max_length=140)]


class BankAccount(BaseModel):
    """An account and its holder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    iban: str | None = None
    account: str | None = None
    bic: str | None = None

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("printable characters without blanks at the ends")
        return value

    @field_validator("iban")
    @classmethod
    def _iban(cls, value: str | None) -> str | None:
        compact = value.replace(" ", "") if value is not None else None
        if compact is not None and not (_IBAN.fullmatch(compact) and _checks(compact)):
            raise ValueError("an IBAN whose check digits fit (ISO 13616)")
        return compact

    @field_validator("account")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        if value is not None and not _ACCOUNT.fullmatch(value):
            raise ValueError("at most 34 letters, digits, blanks and ./-")
        return value

    @field_validator("bic")
    @classmethod
    def _bic(cls, value: str | None) -> str | None:
        if value is not None and not _BIC.fullmatch(value):
            raise ValueError("a BIC of 8 or 11 characters (ISO 9362)")
        return value

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.iban is None) == (self.account is None):
            raise ValueError("either iban or account")
        return self

    @property
    def number(self) -> str:
        """The IBAN or the account number."""
        return self.iban or self.account or ""


class Payee(BankAccount):
    """An investor's account.

    Attributes:
        wallet: The wallet whose payouts go there.
        withholding: Tax that is withheld, a percentage.
    """

    wallet: str
    withholding: str = "0%"

    @field_validator("wallet")
    @classmethod
    def _wallet(cls, value: str) -> str:
        try:
            return str(address(value))
        except (EncodeError, ValueError):
            raise ValueError(
                "an address: 0x and 40 hexadecimal digits, its checksum right"
            ) from None

    @field_validator("withholding")
    @classmethod
    def _share(cls, value: str) -> str:
        try:
            points = basis_points(value)
        except InputError as error:
            raise ValueError(str(error.rule)) from None
        if points > BASIS:
            raise ValueError("at most 100%")
        return value

    @property
    def tax_bp(self) -> int:
        """The rate of the tax in basis points."""
        return basis_points(self.withholding)


class Debtor(BankAccount):
    """The paying agent's account, and the currency that is paid."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    @field_validator("currency")
    @classmethod
    def _cents(cls, value: str) -> str:
        if value in _NOT_TWO_DECIMALS:
            raise ValueError("a currency with two decimals")
        return value


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    debtor: Debtor
    payee: tuple[Payee, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for each in self.payee:
            if each.wallet in seen:
                raise ValueError(f"{each.wallet} is named once")
            seen.add(each.wallet)
        return self


@dataclass(frozen=True, slots=True)
class PayeeBook:
    """Who pays and who is paid, payees by wallet."""

    debtor: Debtor
    payees: Mapping[str, Payee]


def load_payees(path: Path) -> PayeeBook:
    """The book in a TOML file; ConfigError names the field that is wrong."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _refused(path, "--payees", str(path), f"at most {_MOST_BYTES} bytes")
        raw = path.read_bytes()
        book = _Book.model_validate(tomllib.loads(raw.decode("utf-8")))
    except OSError as error:
        raise _refused(path, "--payees", str(path), f"a readable file ({error.strerror})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        # An account number is not repeated: messages end up in logs.
        raise _refused(path, where, "…", str(first["msg"]).removeprefix("Value error, ")) from None
    except ValueError as error:
        raise _refused(path, "--payees", str(path), str(error)) from None
    return PayeeBook(book.debtor, {each.wallet: each for each in book.payee})


def _checks(iban: str) -> bool:
    """Whether the check digits fit (ISO 7064, MOD 97-10)."""
    digits = "".join(str(int(each, 36)) for each in iban[4:] + iban[:4])
    return int(digits) % _IBAN_MODULUS == 1


def _refused(path: Path, field: str, value: str, rule: str) -> ConfigError:
    return ConfigError(
        "the payee book is not usable",
        field=field,
        value=value,
        rule=rule,
        remedy="correct it; examples/payees.toml shows the form",
        file=str(path),
    )
