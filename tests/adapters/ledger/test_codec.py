"""What an earlier FileFerry wrote is read with the defaults of what the model has gained since."""

from __future__ import annotations

import json
from typing import Any

from adapters.ledger.codec import DELIVERY, TRANSFER, dump
from tests.transfer.made import NOON, request
from transfer.model import Delivery, Manifest, Pin, Source, Transfer

PIN = Pin(size=3, etag="e", version_id="v1", modified=NOON)
LIST = Source(bucket="exports", key="lists/nov.csv", sha256="0" * 64)
MANIFEST = Manifest(source=LIST, pin=PIN, sha256="0" * 64, files=7)


def without(text: str, *names: str) -> Any:
    """The document as it was before these names, which stand at any level, were thought of."""
    return json.loads(
        text, object_hook=lambda found: {k: v for k, v in found.items() if k not in names}
    )


def test_a_head_without_manifests_and_without_a_word_about_its_content() -> None:
    head = Transfer(request=request(), expanded=True)
    old = json.dumps(without(dump(TRANSFER, head), "manifests", "as_found"))
    assert TRANSFER.validate_json(old) == head
    assert (head.manifests, head.request.as_found) == ((), False)


def test_a_delivery_whose_source_demands_no_digest() -> None:
    delivery = Delivery(number=1, source=Source(bucket="b", key="k"), final="/k", pin=PIN)
    old = json.dumps(without(dump(DELIVERY, delivery), "sha256"))
    assert DELIVERY.validate_json(old) == delivery


def test_a_pin_without_a_time() -> None:
    delivery = Delivery(number=1, source=Source(bucket="b", key="k"), final="/k", pin=PIN)
    old = json.dumps(without(dump(DELIVERY, delivery), "modified"))
    read = DELIVERY.validate_json(old)
    assert read.pin
    assert read.pin.modified is None


def test_manifests_and_digests_come_back_as_they_were() -> None:
    head = Transfer(request=request(as_found=True), manifests=(MANIFEST,))
    assert TRANSFER.validate_json(dump(TRANSFER, head)) == head
