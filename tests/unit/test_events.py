"""Events from outside: real ones are read, anything else is refused with a reason and nothing else is ever raised."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from functions.events import FINALIZED, LARGEST, PUBLISHED, Ended, Other, Uploaded, read

_EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/conformance/cloudevents"
RUN = "tenants/t1/runs/a1-1.detect"
OBJECT = {"bucket": "up", "name": "t/t1/u/v.mp4", "generation": "17", "size": "352"}


def binary(kind: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "ce-type": kind,
        "ce-specversion": "1.0",
        "ce-source": "//storage",
        "ce-id": "1",
    }


def structured(kind: str, data: Any) -> tuple[dict[str, str], bytes]:
    event = {"specversion": "1.0", "type": kind, "source": "//s", "id": "1", "data": data}
    return {"content-type": "application/cloudevents+json; charset=utf-8"}, json.dumps(event).encode()


def pushed(told: Any, **attributes: str) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(told).encode()).decode()
    return {
        "message": {"data": data, "messageId": "7", "attributes": {"kind": "ended", **attributes}},
        "subscription": "projects/p/subscriptions/s",
    }


def test_a_finished_upload_is_read_in_both_forms() -> None:
    wanted = Uploaded(bucket="up", name="t/t1/u/v.mp4", generation="17", size=352)
    assert read(binary(FINALIZED), json.dumps(OBJECT).encode()) == wanted
    assert read(*structured(FINALIZED, {**OBJECT, "generation": 17, "size": 352})) == wanted


def test_an_end_is_read_from_a_push_and_from_both_forms_of_event() -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    told = pushed({"run": RUN}, **{"cutroom-traceparent": trace})
    wanted = Ended(run=RUN, trace=trace)
    assert read({"content-type": "application/json"}, json.dumps(told).encode()) == wanted
    assert read(binary(PUBLISHED), json.dumps(told).encode()) == wanted
    assert read(*structured(PUBLISHED, told)) == wanted


def test_a_trace_that_is_none_is_dropped_and_the_end_is_read() -> None:
    told = pushed({"run": RUN}, **{"cutroom-traceparent": "\n; rm"})
    assert read({"content-type": "application/json"}, json.dumps(told).encode()) == Ended(run=RUN, trace=None)


def test_events_of_other_kinds_are_known_as_such() -> None:
    assert read(binary("google.cloud.audit.log.v1.written"), b"{}") == Other(type="google.cloud.audit.log.v1.written")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"{}"),
        ({}, b"[1]"),
        ({}, b"\xff\xfe"),
        ({}, b"[" * 100_000),
        ({}, b" " * (LARGEST + 1)),
        ({"ce-type": FINALIZED}, json.dumps(OBJECT).encode()),
        (binary(FINALIZED), b"{}"),
        (binary(FINALIZED), json.dumps({**OBJECT, "name": ""}).encode()),
        (binary(FINALIZED), json.dumps({**OBJECT, "size": -1}).encode()),
        (binary(FINALIZED), json.dumps({**OBJECT, "size": True}).encode()),
        (binary(FINALIZED), json.dumps({**OBJECT, "generation": "1; drop"}).encode()),
        (binary(FINALIZED), json.dumps({**OBJECT, "generation": "9" * 5000}).encode()),
        ({"content-type": "application/cloudevents+json"}, b'{"type": "x"}'),
        (*structured(FINALIZED, [1]),),
        ({}, json.dumps(pushed({"run": "tenants/../runs/x.y"})).encode()),
        ({}, json.dumps(pushed({"run": RUN + "/../../x"})).encode()),
        ({}, json.dumps(pushed([])).encode()),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        read(headers, body)
    assert len(str(refused.value)) > 10


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@given(value=_json_values, kind=st.sampled_from([FINALIZED, PUBLISHED, "x"]), key=st.sampled_from(["message", *OBJECT]))
def test_no_json_breaks_the_reader(value: Any, kind: str, key: str) -> None:
    for headers, body in (
        (binary(kind), json.dumps({**OBJECT, key: value}).encode()),
        structured(kind, value),
        ({}, json.dumps({"message": value, "subscription": "s"}).encode()),
    ):
        try:
            read(headers, body)
        except BadInput as refused:
            assert str(refused)


@given(body=st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    for headers in ({}, binary(FINALIZED), {"content-type": "application/cloudevents+json"}):
        try:
            read(headers, body)
        except BadInput as refused:
            assert str(refused)


def test_googles_own_examples_are_read() -> None:
    if not _EXAMPLES.is_dir():
        pytest.skip("the conformance examples of CloudEvents are not beside the repository")
    for path in sorted(_EXAMPLES.glob("testdata/google/events/cloud/*/v1/*.json")):
        kind = {"storage": FINALIZED, "pubsub": PUBLISHED}.get(path.parts[-3], f"google.cloud.{path.parts[-3]}")
        try:
            found = read(binary(kind), path.read_bytes())
        except BadInput as refused:
            pytest.fail(f"{path.name}: {refused}")
        assert isinstance(found, Uploaded if kind == FINALIZED else Other), path
    for path in sorted(_EXAMPLES.glob("examples/structured/*/*.json")):
        found = read({"content-type": "application/cloudevents+json"}, path.read_bytes())
        assert isinstance(found, Uploaded | Other), path
