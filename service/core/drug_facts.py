"""The small values of a drug record: statements, codes, amounts, and the words they use.

Numbers are Decimal with the digits of the source. A fact is verified when it was read in a
label copy, a code list or a publication; everything else is general knowledge and says so.
Not prescribing information: a reader checks the current label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

#: The words that every unverified fact carries when it leaves the service.
UNVERIFIED = "not verified against the current label"

#: The sentence that every record carries.
VERIFY = "Verify against the current label."

#: Units a record may use, as written for people -> UCUM code.
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "mg": "mg",
        "mg/kg": "mg/kg",
        "mL": "mL",
        "units": "{units}",
        "vial": "{vial}",
        "tablet": "{tablet}",
        "h": "h",
        "d": "d",
        "wk": "wk",
    }
)


class Jurisdiction(StrEnum):
    """Where a label holds."""

    US = "us"
    EU = "eu"
    CN = "cn"


#: Who authorises medicines there.
AUTHORITY: Mapping[Jurisdiction, str] = MappingProxyType(
    {Jurisdiction.US: "FDA", Jurisdiction.EU: "EMA", Jurisdiction.CN: "NMPA"}
)


class Scope(StrEnum):
    """Whether the drug may be suggested for breast cancer at all."""

    YES = "yes"
    BIOSIMILAR = "biosimilar"
    CHINA_ONLY = "china-only"
    NO = "no"


class DrugClass(StrEnum):
    """What kind of product it is; a biosimilar antibody is of two classes."""

    MONOCLONAL_ANTIBODY = "monoclonal-antibody"
    ADC = "adc"
    TKI = "tki"
    FIXED_DOSE_COMBINATION = "fixed-dose-combination"
    BIOSIMILAR = "biosimilar"


class Authorisation(StrEnum):
    """What a medicines authority has said of the drug, for any use."""

    AUTHORISED = "authorised"
    NOT_AUTHORISED = "not-authorised"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement in words."""

    text: str
    verified: bool

    @property
    def told(self) -> str:
        """The statement as it leaves the service: marked when it was not verified."""
        return marked(self.text, self.verified)


@dataclass(frozen=True, slots=True)
class Statements:
    """Several statements of one source; no items means that the source states none."""

    items: tuple[str, ...]
    verified: bool

    @property
    def told(self) -> str:
        """All of them in one line, `none` when there are none, marked when not verified."""
        return marked("; ".join(self.items) or "none", self.verified)


def marked(text: str, verified: bool) -> str:
    """The text, with the words for an unverified fact after it when it is one."""
    return text if verified else f"{text} ({UNVERIFIED})"


@dataclass(frozen=True, slots=True)
class Named:
    """A statement under a heading: a monitoring programme, a property of a conjugate."""

    type: str
    text: str
    verified: bool

    @property
    def told(self) -> str:
        """The statement, marked when it was not verified."""
        return marked(self.text, self.verified)


@dataclass(frozen=True, slots=True)
class Code:
    """A concept of a terminology that names the drug.

    system: key of the terminology: `rxnorm`, `atc`, `snomed`, `ncit`.
    legacy: read on input, never emitted (ATC of before 2022).
    shared: names a substance that other records have too; never emitted as the record's code.
    """

    system: str
    code: str
    display: str
    verified: bool
    source: str
    legacy: bool = False
    shared: bool = False

    @property
    def names_the_record(self) -> bool:
        """True when the code may be emitted as the code of this drug."""
        return self.verified and not self.legacy and not self.shared


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and its unit, one of UNITS."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Strength:
    """How much substance (numerator) is in one presentation (denominator)."""

    numerator: Amount
    denominator: Amount


@dataclass(frozen=True, slots=True)
class Timing:
    """How often: `frequency` times every `period` `unit` (d or wk)."""

    frequency: int
    period: Decimal
    unit: str
