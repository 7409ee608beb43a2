"""The lock of the npm clients says what to install, and nothing of where it was installed."""

from __future__ import annotations

import json

from tests.contract.clients.node import HERE

LOCK = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))


def test_the_lock_has_a_version_and_a_digest_for_each_package_and_no_host():
    packages = {name: said for name, said in LOCK["packages"].items() if name}
    assert packages
    for name, said in packages.items():
        assert said["version"], name
        assert said["integrity"].startswith("sha512-"), name
        assert "resolved" not in said, name


def test_the_clients_are_pinned_exactly():
    asked = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert LOCK["packages"][""]["dependencies"] == asked
    for name, version in asked.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version
