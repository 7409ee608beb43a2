"""`/notify/{source}`: where FHIR servers deliver what they have to say, in whatever form they do.

Kept, then answered, then worked on (`her2 deliver`). If-Match and If-None-Exist are not looked at:
HAPI sends both and means neither.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFound
from service.fhir.notices.sent import Sent
from service.usecases.exchange.receive import receive
from service.web.answer import empty, fhir, plain
from service.web.body import bytes_in
from service.web.parts import Parts

#: Of the request's headers, those that a notification is read by.
_READ = (
    "content-type",
    "x-signature",
    "x-medplum-subscription",
    "x-medplum-interaction",
    "x-medplum-deleted-resource",
)


def notify(parts: Parts) -> Blueprint:
    """One address a source, and everything below it that a sender may append."""
    doors = Blueprint("notify", __name__, url_prefix="/notify")

    def notified(source: str, kind: str = "", id: str = "") -> Response:
        trading = parts.tradings.get(source)
        if trading is None:
            raise NotFound(Fault("not-found", "No source of this name is configured."))
        headers = {name: request.headers[name] for name in _READ if name in request.headers}
        body = bytes_in(request, parts.max_body_bytes)
        sent = Sent(request.method, kind, id, headers, body)
        said = request.authorization
        bearer = said.token if said is not None and said.type == "bearer" else None
        # A sender that cannot set a header (Google Pub/Sub) has its token in the address.
        received = receive(sent, bearer or request.args.get("token", ""), trading)
        g.log_fields |= {
            "door": "notify",
            "source": source,
            "notices": received.notices,
            "new": received.new,
        }
        if received.quarantined:
            g.log_fields["quarantined"] = True
        if received.answer is None:
            return empty(204)
        return (fhir if "resourceType" in received.answer else plain)(received.answer)

    def offered(source: str) -> Response:
        """The handshake of CloudEvents 1.0 (HTTP Webhook, 4): who asks may deliver."""
        if source not in parts.tradings:
            raise NotFound(Fault("not-found", "No source of this name is configured."))
        response = empty(200)
        response.headers["Allow"] = "POST, PUT, DELETE, OPTIONS"
        if origin := request.headers.get("WebHook-Request-Origin"):
            response.headers["WebHook-Allowed-Origin"] = origin
            response.headers["WebHook-Allowed-Rate"] = "*"
        return response

    methods = ["POST", "PUT", "DELETE"]
    for path in ("/<source>", "/<source>/<kind>", "/<source>/<kind>/<id>"):
        name = f"notified-{path.count('/')}"
        doors.add_url_rule(path, name, notified, methods=methods)
    doors.add_url_rule("/<source>", "offered", offered, methods=["OPTIONS"])
    return doors
