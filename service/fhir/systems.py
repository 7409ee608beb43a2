"""The systems and codes of ours, as interfaces.md names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service import __version__

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
SOFTWARE = f"her2-service|{__version__}"


def code_of(word: str) -> str:
    """A table's word as a FHIR code of ours: MBC_1L -> mbc-1l, DP-G1-2 -> dp-g1-2."""
    return word.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Systems:
    """Everything defined under one canonical base."""

    base: str

    def code_system(self, name: str) -> str:
        """`her2-flag` -> its CodeSystem URL."""
        return f"{self.base}/CodeSystem/{name}"

    def profile(self, name: str) -> str:
        """`her2-careplan` -> its StructureDefinition URL."""
        return f"{self.base}/StructureDefinition/{name}"

    @property
    def derived(self) -> str:
        """Identifier system of what we derive."""
        return f"{self.base}/sid/derived"

    def coding(self, system: str, word: str) -> dict[str, str]:
        """One of our codings from a table's word."""
        return {"system": self.code_system(system), "code": code_of(word)}

    def concept(self, system: str, word: str, text: str = "") -> dict[str, Any]:
        """A CodeableConcept of one of our codings, with text when there is one."""
        concept: dict[str, Any] = {"coding": [self.coding(system, word)]}
        return concept | ({"text": text} if text else {})

    @property
    def device(self) -> dict[str, Any]:
        """This software, always as a logical reference."""
        return {
            "type": "Device",
            "identifier": {"system": f"{self.base}/sid/software", "value": SOFTWARE},
            "display": f"her2-service {__version__}",
        }

    @property
    def derived_tag(self) -> dict[str, str]:
        """The tag by which our outputs are known again."""
        return {"system": self.code_system("her2-provenance"), "code": "derived"}
