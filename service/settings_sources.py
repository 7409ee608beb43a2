"""`[sources.NAME]` of the settings' file: FHIR servers that notify us, and may be written to."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, validate, validates_schema
from marshmallow import fields as checks

from service.core.errors import SettingsError
from service.fhir.version import FhirVersion
from service.usecases.exchange.source import Address, Form, Payload, Source
from service.usecases.record.kept import EVIDENCE

#: A name is part of an address, and of ids in the record.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,19}")
_VERSIONS = {
    **dict.fromkeys(("4.0", "4.0.1", "4.3", "4.3.0"), FhirVersion.R4),
    **dict.fromkeys(("5.0", "5.0.0"), FhirVersion.R5),
}
_FORMS = {"4.0": Form.REST_HOOK, "4.3": Form.BACKPORT, "5.0": Form.R5}


def _address(value: str) -> None:
    parts = urlsplit(value)
    good = parts.scheme in ("http", "https") and parts.hostname and not value.endswith("/")
    if not good or parts.query or parts.fragment or parts.username or parts.password:
        raise ValidationError(
            "Must be an absolute http(s) URL without a slash at its end, a query or a password."
        )


def _file(value: str) -> None:
    if value and not Path(value).is_file():
        raise ValidationError("Must be the path of a file that exists.")


class _BoolOrUrl(checks.Field[Any]):
    """true, false, or the URL of another server."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bool | str:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            _address(value)
            return value
        raise ValidationError("Must be true, false, or the URL of another FHIR server.")


_PLAIN = checks.String(load_default="", validate=validate.Regexp(r"^[\x20-\x7e]*\Z"))
_VERSION = validate.OneOf(sorted(_VERSIONS))


class SourceSchema(Schema):
    """One source as the file has it; interfaces.md, Settings."""

    base_url = checks.String(required=True, validate=_address)
    fhir_version = checks.String(load_default="4.0.1", validate=_VERSION)
    public_url = checks.String(load_default="", validate=lambda v: _address(v) if v else None)
    write_back = _BoolOrUrl(load_default=False)
    write_back_fhir_version = checks.String(validate=_VERSION)
    mode = checks.String(
        load_default="quarantine", validate=validate.OneOf(["quarantine", "strict"])
    )
    types = checks.List(checks.String(validate=validate.OneOf(EVIDENCE)), load_default=EVIDENCE)
    hmac_secret = _PLAIN
    token = _PLAIN
    bearer_token = _PLAIN
    user = _PLAIN
    password = _PLAIN
    write_back_bearer_token = _PLAIN
    write_back_user = _PLAIN
    write_back_password = _PLAIN
    ca_file = checks.String(load_default="", validate=_file)
    subscription = checks.String(validate=validate.OneOf([form.value for form in Form]))
    payload = checks.String(
        load_default=Payload.FULL.value, validate=validate.OneOf([p.value for p in Payload])
    )
    topic = checks.String(load_default="")
    criteria = checks.List(
        checks.String(validate=validate.Regexp(rf"^({'|'.join(EVIDENCE)})\?\S+\Z")),
        load_default=[],
    )
    id_prefix = checks.String(validate=validate.Regexp(r"^([A-Za-z0-9-]{1,20}\.)?\Z"))
    publish = checks.Boolean(load_default=False)

    @validates_schema
    def _whole(self, given: Mapping[str, Any], **_: Any) -> None:
        for prefix in ("", "write_back_"):
            if bool(given[f"{prefix}user"]) is not bool(given[f"{prefix}password"]):
                raise ValidationError("needs the other of user and password.", f"{prefix}user")
            if given[f"{prefix}user"] and given[f"{prefix}bearer_token"]:
                raise ValidationError("is one of two ways to authenticate.", f"{prefix}user")
        if given["publish"] and given["write_back"] is False:
            raise ValidationError("needs write_back: that is where it is published.", "publish")
        if _form(given) is not Form.REST_HOOK and not given["topic"]:
            text = "names the SubscriptionTopic: a subscription by topic needs one."
            if given["public_url"]:
                raise ValidationError(text, "topic")


def read_sources(given: object) -> tuple[Source, ...]:
    """The table `sources` of the file, in its order.

    Raises SettingsError with what is wrong, and where; never with a value, which may be a secret.
    """
    if not isinstance(given, dict):
        raise SettingsError("sources must be tables: [sources.NAME].")
    found = []
    for name, table in given.items():
        if not _NAME.fullmatch(name):
            raise SettingsError(
                "The name of a source has 1 to 20 letters, digits and -, and begins with a letter."
            )
        found.append(_source(name, table))
    _refuse_one_prefix(found)
    return tuple(found)


def _source(name: str, table: object) -> Source:
    where = f"[sources.{name}]"
    if not isinstance(table, dict):
        raise SettingsError(f"{where} must be a table.")
    known = list(SourceSchema._declared_fields)
    for key in sorted(set(table) - set(known)):
        near = get_close_matches(key, known, n=1, cutoff=0.0)
        raise SettingsError(f"{where} {key} is not a known setting. Did you mean {near[0]}?")
    try:
        said = SourceSchema().load(table)
    except ValidationError as error:
        told = "\n".join(
            f"{where} {key}: {_sentence(texts)}"
            for key, texts in sorted(error.messages_dict.items())
        )
        raise SettingsError(told) from None
    return Source(
        name=name,
        at=_at(said, "", said["base_url"], said["fhir_version"]),
        public_url=said["public_url"],
        write_to=_write_to(said),
        strict=said["mode"] == "strict",
        types=frozenset(said["types"]),
        hmac_secret=said["hmac_secret"],
        token=said["token"],
        criteria=tuple(said["criteria"]),
        form=_form(said),
        payload=Payload(said["payload"]),
        topic=said["topic"],
        id_prefix=said.get("id_prefix"),
        publish=said["publish"],
    )


def _sentence(said: Any) -> str:
    """The texts of an error, wherever in a list they are about."""
    if isinstance(said, dict):
        return " ".join(_sentence(inner) for inner in said.values())
    return " ".join(map(str, said))


def _form(said: Mapping[str, Any]) -> Form:
    stated = said.get("subscription")
    return Form(stated) if stated else _FORMS[said["fhir_version"][:3]]


def _write_to(said: Mapping[str, Any]) -> Address | None:
    where = said["write_back"]
    if where is False:
        return None
    version = said.get("write_back_fhir_version", said["fhir_version"])
    if where is True or where == said["base_url"]:
        return _at(said, "", said["base_url"], said["fhir_version"])
    return _at(said, "write_back_", where, version)


def _at(said: Mapping[str, Any], prefix: str, base: str, version: str) -> Address:
    authorization = ""
    if token := said[f"{prefix}bearer_token"]:
        authorization = f"Bearer {token}"
    elif user := said[f"{prefix}user"]:
        pair = f"{user}:{said[f'{prefix}password']}"
        authorization = f"Basic {b64encode(pair.encode()).decode()}"
    return Address(base, _VERSIONS[version], authorization, said["ca_file"])


def _refuse_one_prefix(sources: list[Source]) -> None:
    """Two servers whose ids would be the same here: two patients could become one."""
    by_prefix: dict[str, Source] = {}
    for source in sources:
        if source.id_prefix is None:
            continue
        other = by_prefix.setdefault(source.id_prefix, source)
        if other.at.base != source.at.base:
            raise SettingsError(
                f"[sources.{source.name}] id_prefix: [sources.{other.name}] has the same, and is "
                "another server: two patients could become one."
            )
