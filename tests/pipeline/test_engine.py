"""The engine edge to edge on the embedded adapters, with a pipeline that squares numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from common.bootstrap import local as bootstrap
from common.domain.annotation import Feature
from common.errors import BadInput, Conflict, StateFolderBusy
from common.pipeline import execution, flows, metering, planner, sweep
from common.pipeline.execution import execute
from common.pipeline.lease import Lease
from common.pipeline.run import RunId
from common.pipeline.stage import Definition
from common.ports.documents import Delete, Update, Write
from tests import toy
from tests.harness import (
    TENANT,
    Meddling,
    NoModels,
    cutroom,
    everything,
    finish,
    read,
    result,
    run,
    settings,
    submit,
    with_documents,
)


def test_a_flow_runs_to_its_end(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = finish(local, submit(local.engine, parts=4).flow)
        assert flow.state == "done"
        assert result(local, flow, "join") == {"sum": 14, "count": 4, "lost": [], "side": {"side": True}}
        bodies = [snap.body for snap in flows.runs(local.engine, flow)]
        assert len(bodies) == 7
        assert all("due" not in body and body["attempt"] == 1 for body in bodies)
        squares = local.engine.documents.query("squares", parent=f"tenants/{TENANT}")
        assert sorted(snap.body["value"] for snap in squares) == [0, 1, 4, 9]


def test_a_fan_out_of_none_joins_at_once(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = finish(local, submit(local.engine, parts=0).flow)
        assert flow.state == "done"
        assert result(local, flow, "join")["count"] == 0


def test_submitting_again_gives_the_same_flow_and_does_nothing(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = finish(local, submit(local.engine).flow)
        before = everything(local)
        again = submit(local.engine)
        assert (again.flow.id, again.news) == (flow.id, "done")
        assert everything(local) == before


def test_a_stage_that_changed_since_is_done_anew_and_what_follows_only_if_its_result_is_another(tmp_path: Path) -> None:
    toys = toy.definition()
    newer = Definition(tuple(replace(stage, version=2) if stage.name == "side" else stage for stage in toys))
    with cutroom(tmp_path, toys) as local:
        first = finish(local, submit(local.engine).flow)
    with cutroom(tmp_path, newer) as local:
        second = submit(local.engine)
        assert second.news == "new" and second.flow.id != first.id
        flow = finish(local, second.flow)
        assert [run(local, flow, name)["reused"] for name in ("split", "side", "join")] == [True, False, True]
        assert submit(local.engine).news == "done"
        with_voice = replace(local.engine.definition["side"], models=("voice",))
        with_models, without = local.engine, replace(local.engine, models=NoModels())
        assert with_models.makers(with_voice) != without.makers(with_voice)


def test_other_settings_redo_only_what_they_touch(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        first = finish(local, submit(local.engine, parts=3).flow)
        second = finish(local, submit(local.engine, parts=5).flow)
        assert first.id != second.id
        assert result(local, second, "join")["sum"] == 30
        assert [run(local, second, "part", n)["reused"] for n in range(5)] == [True, True, True, False, False]


def test_again_redoes_a_stage_and_what_follows_only(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        finish(local, submit(local.engine).flow)
        flow = finish(local, submit(local.engine, again="side").flow)
        assert [run(local, flow, name)["reused"] for name in ("split", "side", "join")] == [True, False, False]
        assert run(local, flow, "part", 0)["reused"]
        with pytest.raises(BadInput, match="there is no stage 'rendr'; choose one of split"):
            submit(local.engine, again="rendr")


def test_an_optional_branch_that_fails_is_named_and_the_rest_works(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(side="tests.toy:fails")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert flow.state == "done"
        assert result(local, flow, "join") == {"sum": 5, "count": 3, "lost": ["side"], "side": None}


def test_a_required_branch_that_fails_skips_what_follows_with_the_cause(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(part="tests.toy:part_two_fails")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert flow.state == "failed"
        assert run(local, flow, "join")["state"] == "skipped"
        assert run(local, flow, "join")["error"]["code"] == "unreached"
        assert run(local, flow, "join")["error"]["text"] == "“Part” failed: part two is broken; mend it"
        assert run(local, flow, "part", 1)["state"] == "done"


def test_a_failed_flow_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(part="tests.toy:part_two_fails")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert flow.state == "failed"
    with cutroom(tmp_path, toy.definition()) as local:
        again = submit(local.engine)
        assert (again.flow.id, again.news) == (flow.id, "resumed")
        flow = finish(local, again.flow)
        assert flow.state == "done"
        assert result(local, flow, "join")["sum"] == 5
        assert [run(local, flow, "part", n)["attempt"] for n in range(3)] == [1, 1, 1]


def test_what_failed_in_a_flow_that_is_done_is_tried_again(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(side="tests.toy:fails")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert flow.state == "done"
    with cutroom(tmp_path, toy.definition()) as local:
        again = submit(local.engine)
        assert (again.flow.id, again.news) == (flow.id, "resumed")
        assert finish(local, again.flow).state == "done"
        assert result(local, flow, "join")["lost"] == []
        assert [run(local, flow, "part", n)["attempt"] for n in range(3)] == [1, 1, 1]
        assert submit(local.engine).news == "done"


def test_a_transient_error_is_tried_again(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(side="tests.toy:passes_at_third")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert run(local, flow, "side")["state"] == "done"
        assert run(local, flow, "side")["attempt"] == 3
        assert "error" not in run(local, flow, "side")


def test_to_look_whether_others_are_ready_is_no_attempt_and_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cutroom(tmp_path / "a", toy.definition(side="tests.toy:is_ready_at_tenth_look")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert run(local, flow, "side")["state"] == "done"
        assert (run(local, flow, "side")["attempt"], run(local, flow, "side")["interrupted"]) == (10, 9)
    monkeypatch.setattr(execution, "INTERRUPTIONS", 5)
    with cutroom(tmp_path / "b", toy.definition(side="tests.toy:is_never_ready")) as local:
        flow = finish(local, submit(local.engine).flow)
        ended = run(local, flow, "side")
        assert (ended["state"], ended["error"]["code"]) == ("failed", "later")
        assert ended["attempt"] == 5 + local.engine.definition["side"].retry.attempts


@pytest.mark.parametrize("wanted", [(), ("labels", "texts")])
def test_a_video_is_watched_where_evidence_is_wanted_and_by_that_name(
    tmp_path: Path, wanted: tuple[Feature, ...]
) -> None:
    side = {"when": ("evidence.is_wanted",), "watches": True, "handler": "tests.toy:asks_what_is_wanted"}
    stages = tuple(replace(one, **side) if one.name == "side" else one for one in toy.definition())  # type: ignore[arg-type]
    with bootstrap.local(replace(settings(tmp_path), evidence=wanted), definition=Definition(stages)) as local:
        flow = finish(local, submit(local.engine).flow)
        ended = run(local, flow, "side")
        assert local.engine.makers(local.engine.definition["side"])["evidence"] == sorted(wanted)
        if wanted:
            assert result(local, flow, "side") == {"wanted": ["labels", "texts"], "left_out": ["labels", "texts"]}
        else:
            assert (ended["state"], ended["error"]["text"]) == ("skipped", "it was not asked for")


def test_who_does_not_say_so_has_no_video_watched(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(side="tests.toy:asks_what_is_wanted")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert "does not say in the table" in run(local, flow, "side")["error"]["text"]


@pytest.mark.parametrize(
    ("handler", "code", "text"),
    [
        ("never_passes", "transient", "the remote is busy"),
        ("fails", "failed", "use another"),
        ("is_buggy", "bug", "ZeroDivisionError: division by zero"),
        ("fills_the_disk", "no_space", "free some space"),
        ("returns_garbage", "bug", "a dict instead of an Outcome"),
        ("returns_no_json", "bug", "no JSON"),
        ("returns_too_much", "bug", "over the 48000"),
        ("returns_members_of_another_kind", "bug", "stranger"),
        ("reads_what_it_did_not_declare", "bug", "does not declare"),
        ("not_there", "bug", "not_there"),
    ],
)
def test_every_bad_end_is_typed_and_announced(tmp_path: Path, handler: str, code: str, text: str) -> None:
    with cutroom(tmp_path, toy.definition(side=f"tests.toy:{handler}")) as local:
        flow = finish(local, submit(local.engine).flow)
        side = run(local, flow, "side")
        assert (side["state"], side["error"]["code"]) == ("failed", code)
        assert text in side["error"]["text"]
        assert result(local, flow, "join")["lost"] == ["side"]


def test_a_large_result_is_read_from_its_object(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(side="tests.toy:returns_a_lot")) as local:
        flow = finish(local, submit(local.engine).flow)
        assert "small" not in run(local, flow, "side")["result"]
        assert len(result(local, flow, "side")["side"]) == 30_000


def with_limits(definition: Definition, name: str, **limits: float) -> Definition:
    return Definition(
        tuple(replace(stage, **limits) if stage.name == name else stage for stage in definition)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("limit", "text"), [("timeout_s", "took longer"), ("stall_s", "no progress")])
def test_a_stage_that_hangs_is_ended_at_its_deadline(tmp_path: Path, limit: str, text: str) -> None:
    limits = {"timeout_s": 100.0, "stall_s": 100.0, limit: 0.5, "stall_s" if limit == "timeout_s" else limit: 0.5}
    definition = with_limits(toy.definition(side="tests.toy:hangs"), "side", **limits)
    with cutroom(tmp_path, definition) as local:
        flow = finish(local, submit(local.engine).flow)
        side = run(local, flow, "side")
        assert (side["state"], side["error"]["code"]) == ("failed", "deadline")
        if limit == "stall_s":
            assert text in side["error"]["text"]


def test_every_event_three_times_and_in_reverse_changes_nothing(tmp_path: Path) -> None:
    with cutroom(tmp_path / "plain", toy.definition()) as local:
        finish(local, submit(local.engine).flow)
        expected = everything(local)
    with cutroom(tmp_path / "wild", toy.definition()) as local:
        flow, *_ = (submit(local.engine).flow for _ in range(3))
        while read(local, flow).state == "running":
            known = sorted(flows.runs(local.engine, flow), key=lambda snap: snap.key, reverse=True)
            for snap, _ in itertools.product(known, range(3)):
                execute(local.engine, RunId.parse(snap.key))
            for snap, _ in itertools.product(known, range(3)):
                planner.act(local.engine, RunId.parse(snap.key))
        assert everything(local) == expected
        assert all(snap.body["attempt"] == 1 for snap in flows.runs(local.engine, flow))


def test_two_runners_cannot_share_a_state_folder(tmp_path: Path) -> None:
    second = cutroom(tmp_path, toy.definition())
    with cutroom(tmp_path, toy.definition()), pytest.raises(StateFolderBusy, match=r"process \d+ .*CUTROOM_HOME"):
        second.__enter__()


def test_a_held_run_is_busy_and_an_old_token_is_fenced(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = submit(local.engine).flow
        first = RunId(TENANT, flow.id, "split")
        stage = local.engine.definition["split"]
        lease = execution.claim(local.engine, first, stage)
        assert isinstance(lease, Lease)
        assert execute(local.engine, first) == "busy"
        successor = replace(local.engine, epoch=local.engine.epoch + 1)
        assert isinstance(execution.claim(successor, first, stage), Lease)
        assert execution.settle_error(local.engine, lease, ValueError("late")) == "fenced"
        assert run(local, flow, "split")["state"] == "running"


def test_a_lost_answer_of_a_settle_that_landed_is_our_own(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        lost: list[str] = []

        def lose(writes: object) -> None:
            first = writes[0] if isinstance(writes, list) else None
            if isinstance(first, Update) and first.fields.get("state") in ("done", "running"):
                key = f"{first.key} {first.fields['state']}"
                if key not in lost:
                    lost.append(key)
                    raise Conflict("the answer was lost; the write landed")

        engine = with_documents(local.engine, Meddling(local.engine.documents, after=lose))
        flow = submit(engine).flow
        for stage, number in [("split", None), ("side", None), *(("part", n) for n in range(3)), ("join", None)]:
            assert execute(engine, RunId(TENANT, flow.id, stage, number)) == "done"
            planner.act(engine, RunId(TENANT, flow.id, stage, number))
        assert len(lost) == 13  # claim and settle of six runs, and the flow's own end
        assert read(local, flow).state == "done"
        assert result(local, flow, "join")["sum"] == 5


def test_a_lost_announcement_is_found_by_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "ANNOUNCE_S", 0.0)
    with cutroom(tmp_path, toy.definition()) as local:
        flow = submit(local.engine).flow
        assert execute(local.engine, RunId(TENANT, flow.id, "split")) == "done"  # and nobody acts on it
        assert finish(local, flow).state == "done"


def test_a_run_that_never_answers_fails_after_its_attempts(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = submit(local.engine).flow
        first = RunId(TENANT, flow.id, "split")
        for _ in range(3):
            assert isinstance(execution.claim(local.engine, first, local.engine.definition["split"]), Lease)
            execution.release(local.engine, first, "its process ended without an answer")
        assert execute(local.engine, first) == "failed"
        assert "stopped without an answer 3 times" in run(local, flow, "split")["error"]["text"]
        assert finish(local, flow).state == "failed"


def test_a_cancelled_flow_plans_nothing_more(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = submit(local.engine).flow
        flows.cancel(local.engine, flow)
        assert execute(local.engine, RunId(TENANT, flow.id, "split")) == "failed"
        planner.act(local.engine, RunId(TENANT, flow.id, "split"))
        assert {snap.body["stage"] for snap in flows.runs(local.engine, flow)} == {"split"}
        again = submit(local.engine)
        assert again.news == "resumed"
        assert finish(local, again.flow).state == "done"


def test_a_run_whose_flow_was_removed_is_looked_at_no_more(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        flow = submit(local.engine).flow
        first = RunId(TENANT, flow.id, "split")
        local.engine.documents.commit([Delete(flow.key)])
        assert [execute(local.engine, first) for _ in range(2)] == ["gone", "gone"]
        body = run(local, flow, "split")
        assert (body["state"], body["error"]["text"]) == ("failed", "its flow was removed")
        assert "due" not in body
        assert not list(sweep.due(local.engine))


def test_the_wall_clock_may_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for jump in (-86_400.0, 86_400.0):
        home = tmp_path / str(jump)
        with cutroom(home, toy.definition()) as local:
            flow = submit(local.engine).flow
            assert execute(local.engine, RunId(TENANT, flow.id, "split")) == "done"
            assert isinstance(
                execution.claim(local.engine, RunId(TENANT, flow.id, "split"), local.engine.definition["split"]), str
            )
        import time

        real = time.time
        monkeypatch.setattr("time.time", lambda real=real, jump=jump: real() + jump)
        with cutroom(home, toy.definition()) as local:
            assert finish(local, submit(local.engine).flow).state == "done"
        monkeypatch.undo()


def test_a_flow_that_is_waited_for_does_not_wait_for_another(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        left = submit(local.engine, parts=30, name="left unfinished.mp4").flow
        flow = submit(local.engine, parts=2).flow
        local.runner.until(lambda: read(local, flow).state != "running", flow=flow.id)
        assert read(local, flow).state == "done"
        assert {snap.body["state"] for snap in flows.runs(local.engine, left)} == {"queued"}
        assert finish(local, left).state == "done"


def test_interruptions_do_not_count_and_do_not_give_more_attempts_later(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(split="tests.toy:fails")) as local:
        flow = submit(local.engine).flow
        first = RunId(TENANT, flow.id, "split")
        for _ in range(9):  # more than the three attempts a run has
            assert isinstance(execution.claim(local.engine, first, local.engine.definition["split"]), Lease)
            execution.release(local.engine, first, "the runner was stopped", interrupted=True)
        assert run(local, flow, "split")["interrupted"] == 9
        assert finish(local, flow).state == "failed"
        assert run(local, flow, "split")["error"]["code"] == "failed"
        assert submit(local.engine).news == "resumed"
        again = run(local, flow, "split")
        assert again["attempt"] == 0 and "interrupted" not in again


def test_a_file_that_cannot_become_clips_is_an_asset_that_says_so(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition(split="tests.toy:rejects")) as local:
        flow = finish(local, submit(local.engine).flow)
        key = f"tenants/{TENANT}/assets/{flow.asset}"
        body = local.engine.documents.get_many([key])[key].body
        told = {"code": "not_media", "text": "this is no video file; give one"}
        assert (flow.state, body["state"], body["rejected"]) == ("failed", "rejected", told)


def test_what_runs_used_is_counted_once_though_every_answer_was_lost(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        documents = local.engine.documents

        def lose(writes: Sequence[Write]) -> None:
            if any("/usage/" in write.key for write in writes):
                raise Conflict("the answer was lost; the write landed")

        engine = with_documents(local.engine, Meddling(documents, after=lose))
        flow = submit(engine).flow
        for stage, number in [("split", None), ("side", None), *(("part", n) for n in range(3)), ("join", None)]:
            for _ in range(2):  # its wake came twice
                execute(engine, RunId(TENANT, flow.id, stage, number))
            planner.act(engine, RunId(TENANT, flow.id, stage, number))
        today = engine.clock.now().date()
        (counts,) = metering.days(documents, TENANT, today, today).values()
        kept = [snap.body["timings"] for snap in documents.query("runs", parent=f"tenants/{TENANT}")]
        assert len(kept) == 6
        assert counts["wall_ms_light"] == sum(round(1000 * one["wall_s"]) for one in kept) > 0
        assert counts["made_bytes"] == len("0") + len("1") + len("4")
