"""Whatever is created, corrected, withdrawn, deleted or sent again, in any order: what is derived
is what a fresh assessment of the standing evidence says, and nothing that fell is left behind."""

from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from service.fhir.own import WITHDRAWN
from tests.support.as_r5 import as_r5
from tests.support.endpoint import content, fresh
from tests.support.evidence import (
    CARCINOMA,
    DCIS,
    bundle,
    condition,
    copies,
    ihc,
    observation,
    patient,
    ratio,
    specimen,
)

RUNS, STEPS = 30, 12
_numbers = count()

scores = st.sampled_from(["0", "1+", "2+", "3+"])
ratios = st.sampled_from([Decimal("1.50"), Decimal("1.99"), Decimal("2.0"), Decimal("2.50")])
counts = st.sampled_from([Decimal("3.9"), Decimal("4.0"), Decimal("5.9"), Decimal("6.0")])
statuses = st.sampled_from(["final", "preliminary", "corrected", "entered-in-error", "cancelled"])
days = st.sampled_from(["2026-05-01", "2026-06-01", "2026-07-01"])
samples = st.sampled_from(["core", "liver"])


def resources(name):
    """Strategies of resources of one patient, a few ids each, so that they meet again."""
    more = {"of": st.just(name), "status": statuses, "when": days, "sample": samples}
    return st.one_of(
        st.builds(ihc, scores, name=st.sampled_from(["ihc", "ihc-2"]), **more),
        st.builds(ratio, ratios, name=st.sampled_from(["ratio"]), **more),
        st.builds(copies, counts, name=st.sampled_from(["copies"]), **more),
        st.builds(
            observation,
            st.just("2345-7"),
            st.just({"valueString": "not about HER2"}),
            name=st.just("other"),
            of=st.just(name),
        ),
        st.builds(specimen, samples, of=st.just(name)),
        st.builds(condition, st.sampled_from([CARCINOMA, DCIS]), of=st.just(name)),
        st.just(patient(name)),
    )


def machine(endpoint):
    """The state machine over one endpoint; each run has a patient of its own."""

    class AnySequence(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.name = f"p{next(_numbers)}"
            self.standing = {}

        def _drawn(self, data):
            return data.draw(resources(self.name))

        @rule(data=st.data())
        def put(self, data):
            """Created, corrected, withdrawn, or sent again."""
            one = self._drawn(data)
            assert endpoint.put(one).status_code in (200, 201)
            self.standing[one["resourceType"], one["id"]] = one

        @rule(data=st.data())
        def put_as_r5(self, data):
            results = resources(self.name).filter(lambda r: r["resourceType"] == "Observation")
            one = as_r5(data.draw(results))
            path = f"{one['resourceType']}/{one['id']}"
            assert endpoint.call("PUT", path, one, base="/fhir/r5").status_code in (200, 201)
            self.standing[one["resourceType"], one["id"]] = one

        @rule(data=st.data())
        def delete(self, data):
            one = self._drawn(data)
            path = f"{one['resourceType']}/{one['id']}"
            assert endpoint.call("DELETE", path).status_code == 204
            self.standing.pop((one["resourceType"], one["id"]), None)

        @rule(data=st.data())
        def send_a_bundle(self, data):
            drawn = data.draw(st.lists(resources(self.name), min_size=1, max_size=4))
            several = list({(r["resourceType"], r["id"]): r for r in drawn}.values())
            assert endpoint.post(bundle(*several)).status_code == 200
            self.standing |= {(r["resourceType"], r["id"]): r for r in several}

        @invariant()
        def what_is_derived_is_what_stands(self):
            said = fresh(self.standing.values())
            if not any("her2-specimen-category" in str(r["meta"]) for r in said.values()):
                said = {}
            assert content(endpoint.derived(f"Patient/{self.name}")) == said

        @invariant()
        def no_plan_is_left_behind(self):
            patient = f"Patient/{self.name}"
            with endpoint.store.reading() as reader:
                derived = [v for v in reader.derived(patient) if v.type in WITHDRAWN]
            standing = content(endpoint.derived(patient))
            for version in derived:
                if version.reference not in standing:
                    status = endpoint.read(version.reference)["status"]
                    assert status == WITHDRAWN[version.type]

    return AnySequence


def test_the_derived_state_is_always_that_of_a_fresh_assessment(endpoint):
    chosen = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(endpoint), settings=chosen)
