"""The errors of the product: each names the field, the value, the rule it breaks and the remedy.

UsufructError
├── ConfigError     the community file, a setting or a key is wrong; knows file and line
├── InputError      data from outside (a reading, a document, an argument) has a wrong form
├── ChainError      the chain or its endpoint refused, failed or cannot be reached
└── EvidenceError   well-formed evidence does not hold: a hash, path, sum or signature is wrong

Programs catch UsufructError and print `one_line()`. Everything else is a defect.
"""

_SHOWN = 96
"""Most characters of a value that are shown."""


class UsufructError(Exception):
    """Something a person can put right. All parts but the message may be absent.

    Attributes:
        message: What happened, a sentence without its final stop.
        field: Name of the field at fault, as the person knows it.
        value: Its value, shown shortened.
        rule: The rule it breaks.
        remedy: What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        rule: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.rule = rule
        self.remedy = remedy

    def one_line(self) -> str:
        """`field=value: rule; remedy`, with what is absent left out, control characters escaped."""
        head = self.message if self.field is None else f"{self.field}={_shown(self.value)}"
        rule = self.rule or (self.message if self.field is not None else None)
        text = head if rule is None else f"{head}: {rule}"
        return _escaped(text if self.remedy is None else f"{text}; {self.remedy}")

    def __str__(self) -> str:
        return self.message if self.field is None else f"{self.message} ({self.one_line()})"


class ConfigError(UsufructError):
    """The community file, a setting or a key is wrong. Cure: edit the named line and run again.

    Attributes:
        file: Path of the file, if the value came from one.
        line: Line in it, from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        rule: str | None = None,
        remedy: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message, field=field, value=value, rule=rule, remedy=remedy)
        self.file = file
        self.line = line

    def one_line(self) -> str:
        """As for every error, after `file:line: ` where they are known."""
        text = super().one_line()
        if self.file is None:
            return text
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{_escaped(place)}: {text}"


class InputError(UsufructError):
    """Data from outside has a wrong form. Cure: correct the named field at its source."""


class ChainError(UsufructError):
    """The chain refused or its endpoint failed. Cure: see the remedy; retrying is safe."""


class EvidenceError(UsufructError):
    """Evidence does not hold. Cure: do not rely on it; get it anew from another worker."""


def _shown(value: object) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
