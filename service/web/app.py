"""The Flask application: its doors, joined."""

from __future__ import annotations

from flask import Flask, Response, g, request

from service import __version__
from service.fhir.version import FhirVersion
from service.web import errors
from service.web.answer import plain
from service.web.audit import audit
from service.web.authentication import require_token
from service.web.definitions import definitions
from service.web.health import health
from service.web.ids import NoWordOfFhir
from service.web.log import FIELDS, OneLineEach
from service.web.medication_knowledge import drug_records
from service.web.metrics import metrics
from service.web.notify import notify
from service.web.openapi import openapi
from service.web.operations import operations
from service.web.parts import Parts
from service.web.quarantine import quarantine
from service.web.record import record
from service.web.record_bundles import record_bundles
from service.web.record_purge import record_purge


def build(parts: Parts) -> Flask:
    """The application over these parts. No request gets HTML, a redirect or a traceback."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["default"] = NoWordOfFhir
    app.config.update(
        PROVIDE_AUTOMATIC_OPTIONS=False,
        # Werkzeug cuts a longer body of unknown length short; the one byte more tells us so.
        MAX_CONTENT_LENGTH=parts.max_body_bytes + 1,
        PROPAGATE_EXCEPTIONS=True,  # to the outermost loop
    )

    @app.before_request
    def begin() -> None:
        g.log_fields = request.environ[FIELDS]
        g.log_fields["route"] = request.url_rule.rule if request.url_rule else None

    app.extensions["her2.store"] = parts.store
    app.extensions["her2.tradings"] = parts.tradings
    errors.register(app, parts.max_body_bytes)
    if parts.api_token:
        own = [n for n, t in parts.tradings.items() if t.source.token or t.source.hmac_secret]
        require_token(app, parts.api_token, own)
    for version in FhirVersion:
        app.register_blueprint(operations(parts, version))
        app.register_blueprint(drug_records(parts, version))
        app.register_blueprint(definitions(parts, version))
        app.register_blueprint(record(parts, version))
        app.register_blueprint(record_bundles(parts, version))
        app.register_blueprint(record_purge(parts, version))
        app.register_blueprint(audit(parts, version))
    app.register_blueprint(notify(parts))
    app.register_blueprint(quarantine(parts))
    app.register_blueprint(health(parts))
    app.register_blueprint(metrics(parts))
    app.register_blueprint(openapi(parts))

    @app.get("/")
    def root() -> Response:
        return plain(
            {
                "service": f"her2-service {__version__}",
                "what": "Post HER2 evidence as FHIR; get the category and draft suggestions.",
                "assess": "/fhir/r4/$assess-her2",
                "drugs": "/fhir/r4/MedicationKnowledge",
                "terminology": "/fhir/r4/CodeSystem",
                "metadata": "/fhir/r4/metadata",
                "r5": "/fhir/r5 has the same in FHIR R5",
                "notifications": "/notify/{source}",
                "quarantine": "/quarantine",
                "health": ["/health/live", "/health/ready"],
                "metrics": "/metrics",
                "openapi": "/openapi.json",
            }
        )

    app.wsgi_app = OneLineEach(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app
