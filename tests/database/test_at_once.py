"""Many callers at once: no update is lost, nothing is doubled, and the answer is that of all."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tests.support.endpoint import content, fresh
from tests.support.evidence import bundle, copies, ihc, observation, patient, ratio

CLIENTS = 20


def at_once(work, many):
    """What each call of `work(0..many-1)` gives, CLIENTS of them at any time."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(work, range(many)))


def test_the_same_result_fifty_times_in_parallel_is_one_version_and_one_answer(endpoint):
    one = {k: v for k, v in ihc("3+").items() if k != "id"}
    answers = at_once(lambda _: endpoint.create(one), 50)
    assert sorted(a.status_code for a in answers) == [*[200] * 49, 201]
    assert len({a.headers["Location"] for a in answers}) == 1
    assert len(endpoint.history("CarePlan")) == 1


def test_the_same_update_fifty_times_in_parallel_is_one_version(endpoint):
    answers = at_once(lambda _: endpoint.put(ihc("3+")), 50)
    assert sorted(a.status_code for a in answers) == [*[200] * 49, 201]
    assert {a.headers["ETag"] for a in answers} == {'W/"1"'}


def test_a_conditional_create_fifty_times_in_parallel_creates_one(endpoint):
    def create(n):
        one = {**ihc("3+"), "identifier": [{"system": "urn:lab", "value": "1"}]}
        one = {k: v for k, v in one.items() if k != "id"} | {"note": [{"text": str(n)}]}
        return endpoint.create(one, If_None_Exist="identifier=urn:lab|1")

    answers = at_once(create, 50)
    assert sorted(a.status_code for a in answers) == [*[200] * 49, 201]


def test_twenty_clients_who_write_one_patient_lose_nothing(endpoint):
    def write(n):
        if n % 4 == 0:
            return endpoint.put(ihc("2+", name=f"ihc-{n}"))
        if n % 4 == 1:
            return endpoint.put(ratio(Decimal("2.50"), name=f"ratio-{n}"))
        if n % 4 == 2:
            return endpoint.put(copies(Decimal("6.5"), name=f"copies-{n}"))
        glucose = {"valueString": "not about HER2"}
        return endpoint.put(observation("2345-7", glucose, name=f"other-{n}"))

    answers = at_once(write, 60)
    assert {a.status_code for a in answers} == {201}
    with endpoint.store.reading() as reader:
        kept = reader.evidence("Patient/anna")
    assert len(kept) == 60
    standing = [endpoint.read(version.reference) for version in kept]
    assert content(endpoint.derived("Patient/anna")) == fresh(standing)


def test_updates_of_one_resource_come_one_after_the_other(endpoint):
    answers = at_once(
        lambda n: endpoint.put(ihc("3+") | {"note": [{"text": f"written by {n}"}]}), 40
    )
    assert sorted(int(a.headers["ETag"][3:-1]) for a in answers) == list(range(1, 41))


def test_only_one_of_those_who_read_the_same_version_updates_it(endpoint):
    endpoint.put(ihc("3+"))
    answers = at_once(
        lambda n: endpoint.put(
            ihc("3+") | {"note": [{"text": f"written by {n}"}]}, If_Match='W/"1"'
        ),
        20,
    )
    assert sorted(a.status_code for a in answers) == [200, *[412] * 19]


def test_bundles_of_patients_in_opposite_orders_do_not_wait_for_each_other_for_ever(endpoint):
    people = [patient(f"p{n}") for n in range(6)]
    results = [ihc("3+", of=f"p{n}") for n in range(6)]

    def write(n):
        noted = [r | {"note": [{"text": f"written by {n}"}]} for r in results]
        ordered = noted if n % 2 else noted[::-1]
        return endpoint.post(bundle(*people, *ordered))

    answers = at_once(write, 20)
    assert {a.status_code for a in answers} == {200}
    for n in range(6):
        assert len(endpoint.history(f"Observation/p{n}-85319-2")) == 20
