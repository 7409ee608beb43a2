"""A Flask route that does nothing, on the server and with the settings of the service.

`python -m tests.bench.empty PORT WORKERS`: what HTTP, Flask and granian cost by themselves.
"""

from __future__ import annotations

import sys

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from service.cli import THREADS


def create_app() -> Flask:
    """Reads what is posted anywhere, and says nothing."""
    app = Flask(__name__, static_folder=None)

    @app.route("/<path:anywhere>", methods=["GET", "POST"])
    def nothing(anywhere: str) -> Response:
        request.get_data(cache=False)
        return Response(status=200)

    return app


if __name__ == "__main__":
    Granian(
        "empty",
        port=int(sys.argv[1]),
        workers=int(sys.argv[2]),
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve(target_loader=create_app, wrap_loader=False)
