"""The rules for a meter-day's record: who must sign it, with which scheme, over which bytes."""

from __future__ import annotations

from usufruct.config import Meter
from usufruct.core.signing import SCHEMES, verify_record
from usufruct_oracles.sources.records import Signed
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown


def check_signature(meter: Meter, payload: bytes, signed: Signed | None) -> Verdict | None:
    """None if `signed` is the meter's signature over the payload."""
    if signed is None:
        return Verdict(
            Rule.MISSING_SIGNATURE,
            f"no signature of {meter.code} for this day",
            f"sign the meter's lines with its key ({meter.scheme}) and drop both files again",
        )
    if signed.scheme not in SCHEMES:
        return Verdict(
            Rule.UNKNOWN_SCHEME,
            f"scheme {shown(signed.scheme)} of {meter.code}",
            "use one of " + ", ".join(SCHEMES),
        )
    if signed.scheme != meter.scheme:
        return Verdict(
            Rule.UNKNOWN_SCHEME,
            f"{meter.code} is registered with {meter.scheme}, not {signed.scheme}",
            "sign with the registered scheme, or register the new key",
        )
    if not verify_record(meter.scheme, meter.public_key, payload, signed.signature):
        return Verdict(
            Rule.BAD_SIGNATURE,
            f"the signature is not {meter.code}'s over these lines",
            "sign the lines as they stand in the file, with the registered key; "
            "if nobody changed them, the device may be forged",
        )
    return None
