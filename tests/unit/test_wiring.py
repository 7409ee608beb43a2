import gc

from service.settings import Settings
from service.wiring import served_app


def test_a_worker_leaves_what_it_loaded_out_of_collections():
    before = gc.get_threshold()
    try:
        served_app(Settings(database_url="sqlite://"))
        assert gc.get_freeze_count() > 100_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
