"""Who can take the council's seats: settings, keys, prices and dates; and that nothing heavy is loaded to find out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common import config
from common.adapters.embedded.limits import LocalLimits
from common.adapters.google.clock import WallClock
from common.adapters.models.language.retiring import deprecated_by_anthropic, retiring, stale_prices
from common.adapters.models.language.seats import Home, seats
from common.adapters.models.language.settings import read
from common.bootstrap import council
from common.domain.annotation import FEATURES
from common.errors import BadInput, Permanent, Transient
from common.ports.language import Footage, Picture, Question
from scripts.cli.doctor.council import council as doctor

HOME = Home(mend_key=lambda name: f"put it into {name}", mend_settings="the file")
GIVEN = {"gemini-api-key": "a", "anthropic-api-key": "b"}
PRICED = {
    "seen": "2026-11-21",
    "source": "runs here",
    "prices": [{"since": "2026-01-01", "input": 0, "output": 0, "cached": 0}],
}
OLLAMA = {
    "seats": {"third": {"base_url": "http://localhost:11434/v1", "model": "qwen3-vl:8b"}},
    "models": {"qwen3-vl:8b": PRICED},
}
File = Callable[[Any], Path]


class Keys(dict[str, str]):
    """Secrets of a test; a value that is an error is raised."""

    def get(self, name: str) -> str | None:  # type: ignore[override]
        return super().get(name)


@pytest.fixture
def file(tmp_path: Path) -> File:
    def write(content: Any) -> Path:
        path = tmp_path / "council.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def taken(keys: dict[str, str], path: Path | None = None, home: Home = HOME) -> tuple[dict[str, Any], dict[str, str]]:
    found = seats(read(path), Keys(keys), LocalLimits(WallClock()), home)
    return {one.name: one for one in found.models}, dict(found.vacant)


def test_who_has_a_key_takes_a_seat_and_the_others_are_told_why() -> None:
    models, empty = taken(GIVEN)
    assert {name: (one.model, one.sees) for name, one in models.items()} == {
        "gemini": ("gemini-3.8-flash", "video"),
        "claude": ("claude-haiku-5-5", "pictures"),
    }
    assert "no third family is set up" in empty["third"] and "the file" in empty["third"]
    models, empty = taken({})
    assert not models
    assert empty["claude"] == "there is no key; put it into anthropic-api-key"
    assert empty["gemini"] == "there is no key; put it into gemini-api-key"


@pytest.mark.parametrize("key", ["", "  ", "\n"])
def test_an_empty_key_is_none(key: str) -> None:
    assert taken({**GIVEN, "gemini-api-key": key})[1]["gemini"].startswith("there is no key")


@pytest.mark.parametrize("key", ["a b", "a\nX-Evil: 1", "käse", "a\x00"])
def test_what_can_be_no_key_is_not_sent(key: str) -> None:
    why = taken({**GIVEN, "gemini-api-key": key})[1]["gemini"]
    assert why.startswith("the key has characters that no key has") and key not in why


def test_the_blanks_around_a_key_are_not_part_of_it() -> None:
    assert "gemini" in taken({"gemini-api-key": " a \n"})[0]


def test_a_third_family_needs_no_key(file: File) -> None:
    models, _ = taken({}, file(OLLAMA))
    assert (models["third"].model, models["third"].sees) == ("qwen3-vl:8b", "pictures")
    asked = Question(key="k", prompt="p@1", system="s", parts=("x",), schema={"type": "boolean"}, most_tokens=100)
    assert models["third"].estimate(asked) == 0


def test_a_model_without_a_price_is_not_asked(file: File) -> None:
    _, empty = taken(GIVEN, file({"seats": {"claude": {"model": "claude-next"}}}))
    assert "what claude-next costs is not known" in empty["claude"] and "models.claude-next" in empty["claude"]


def test_a_key_goes_nowhere_unencrypted(file: File) -> None:
    _, empty = taken(GIVEN, file({"seats": {"claude": {"base_url": "http://gateway.example/x"}}}))
    assert "for all to read" in empty["claude"]
    models, _ = taken(GIVEN, file({"seats": {"claude": {"base_url": "http://127.0.0.1:9"}}}))
    assert "claude" in models


def test_caps_are_dollars(file: File) -> None:
    caps = seats(read(file({"caps": {"per_video": 0.025}})), Keys(), LocalLimits(WallClock()), HOME).caps
    assert (caps.per_video, caps.per_day) == (25_000, 5_000_000)


def test_on_google_cloud_two_need_no_key() -> None:
    models, empty = taken({}, home=Home(mend_key=str, mend_settings="the file", project="p-1"))
    assert {"gemini", "claude"} == set(models) and set(empty) == {"third"}


@pytest.mark.parametrize("error", [Permanent("Secret Manager refuses"), Transient("silent"), BadInput("chmod 600 it")])
def test_secrets_that_cannot_be_read_leave_a_seat_empty(error: Exception) -> None:
    class Broken:
        def get(self, name: str) -> str | None:
            raise error

    found = seats(read(), Broken(), LocalLimits(WallClock()), HOME)
    assert not found.models and found.vacant["claude"] == str(error)


def test_a_maker_whose_package_is_not_here_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "the package anthropic is not installed" in taken(GIVEN)[1]["claude"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON"),
        ("[]", "one JSON object"),
        ({"seats": {"fourth": {}}}, "fourth"),
        ({"seats": {"claude": {"temperature": 0}}}, "temperature.*seats.claude"),
        ({"seats": {"claude": {"at_once": 0}}}, "seats.claude.at_once"),
        ({"seats": {"claude": {"effort": "extreme"}}}, "seats.claude.effort"),
        ({"seats": {"third": {"base_url": "localhost:11434"}}}, "no address"),
        ({"seats": {"third": {"base_url": "https://user:pass@host/v1"}}}, "no address"),
        ({"seats": {"third": {"base_url": "file:///etc/passwd"}}}, "no address"),
        ({"seats": {"third": {"base_url": "http://h:99999/"}}}, "no address"),
        ({"seats": {"claude": {"model": "a b"}}}, "seats.claude.model"),
        ({"models": {"x": {"prices": [], "source": "s", "seen": "2026-01-01"}}}, "prices"),
        ({"models": {"x": {**PRICED, "seen": "soon"}}}, "seen"),
        ({"caps": {"per_day": -1}}, "per_day"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"whole_s": "20"}, "whole_s"),
    ],
)
def test_a_file_that_is_wrong_is_said_to_be_where(file: File, content: Any, said: str) -> None:
    path = file(content)
    with pytest.raises(BadInput, match=said) as error:
        read(path)
    assert str(path) in str(error.value)


def test_evidence_has_a_dated_price_for_each_feature_and_is_off(file: File) -> None:
    known = council.evidence(config.from_environment({}))()
    assert known.wanted == () and known.annotator is None and known.seen == "2026-11-22"
    hour = known.prices(FEATURES, Fraction(3600))
    assert set(hour) == set(FEATURES) and sum(hour.values()) == 32_880_000 and hour["shots"] == 0
    assert (known.caps.per_video, known.caps.per_day) == (500_000, 5_000_000)
    dearer = file({"evidence": {"per_minute": {"texts": 0.2}}})
    settings = config.from_environment({"CUTROOM_COUNCIL": str(dearer), "CUTROOM_EVIDENCE": "texts  labels texts"})
    known = council.evidence(settings)()
    assert known.wanted == ("labels", "texts") and known.per_minute["texts"] == 200_000
    assert known.per_minute["labels"] == 100_000 and "there is none here" in known.why


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"per_minute": {"smells": 1}}, "smells"),
        ({"per_minute": {"texts": -1}}, "texts"),
        ({"per_minute": {"texts": "0.1"}}, "texts"),
        ({"seen": "soon"}, "seen"),
    ],
)
def test_a_price_of_evidence_that_cannot_be_is_said_and_nobody_is_asked(file: File, content: Any, said: str) -> None:
    path = file({"evidence": content})
    with pytest.raises(BadInput, match=said):
        read(path)
    settings = config.from_environment({"CUTROOM_COUNCIL": str(path), "CUTROOM_EVIDENCE": "texts"})
    known = council.evidence(settings)()
    assert known.annotator is None and said in known.why and known.wanted == ("texts",)


def test_a_feature_that_is_none_is_named() -> None:
    with pytest.raises(BadInput, match="smells; choose of labels"):
        config.from_environment({"CUTROOM_EVIDENCE": "labels smells"})


def test_the_doctor_tells_the_price_before_anything_is_bought(tmp_path: Path) -> None:
    home = {"CUTROOM_HOME": str(tmp_path)}
    told = {one.name: one for one in doctor(home)}["evidence"]
    assert (
        told.state == "ok" and "labels $6.00, shots $0.00, objects $9.00" in told.seen and "none is asked" in told.seen
    )
    told = {one.name: one for one in doctor({**home, "CUTROOM_EVIDENCE": "labels speech shots"})}["evidence"]
    assert told.state == "note" and "labels $6.00" in told.seen and ": $8.88 an hour" in told.seen
    assert "at most $0.50" in told.seen and "2026-11-22" in told.seen and "CUTROOM_EVIDENCE" in told.fix


def test_a_negative_price_is_none(file: File) -> None:
    price = {"since": "2026-01-01", "input": -1, "output": 0, "cached": 0}
    with pytest.raises(BadInput, match="a price is a number from 0"):
        read(file({"models": {"x": {"prices": [price], "source": "s", "seen": "2026-01-01"}}}))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"CUTROOM_COUNCIL names .*none\.json"):
        read(tmp_path / "none.json")


def test_a_file_changes_what_it_names_and_nothing_else(file: File) -> None:
    before, after = read(), read(file({"seats": {"claude": {"at_once": 3}}, "whole_s": 9}))
    assert after.seats.claude.at_once == 3 and after.whole_s == 9
    assert after.seats.claude.model == before.seats.claude.model and after.models == before.models
    assert after.seats.gemini == before.seats.gemini


def test_the_file_is_named_by_the_environment(tmp_path: Path) -> None:
    assert config.from_environment({}).council is None
    assert config.from_environment({"CUTROOM_COUNCIL": str(tmp_path / "a")}).council == tmp_path / "a"


def test_models_that_end_are_told_in_time(file: File) -> None:
    old = read(file({"seats": {"claude": {"model": "claude-sonnet-4-5"}}}))
    (found,) = retiring(old, date(2026, 11, 21))
    assert found == ("claude", "claude-sonnet-4-5 will be retired on 2026-11-30")
    assert retiring(old, date(2026, 11, 30)) == [("claude", "claude-sonnet-4-5 was retired on 2026-11-30")]
    assert retiring(old, date(2026, 1, 1)) == []


def test_none_of_the_defaults_ends_soon_and_all_prices_were_looked_at() -> None:
    settings = read()
    assert retiring(settings, date(2026, 11, 21)) == []
    assert not set(settings.models) & set(deprecated_by_anthropic())
    assert stale_prices(settings, date(2026, 11, 21)) == []
    assert {name for name, _ in stale_prices(settings, date(2027, 7, 1))} == {"gemini", "claude"}
    assert all(set(settings.models) >= {one.model} for one in (settings.seats.gemini, settings.seats.claude))


def test_the_librarys_list_is_read() -> None:
    assert deprecated_by_anthropic()["claude-sonnet-4-5"] == date(2026, 11, 30)


def test_a_verdict_of_a_short_clip_costs_a_cent_at_most() -> None:
    """The dearest that it can be: the estimates of all, at the defaults."""
    from tests.contract.test_language import SCHEMA, jpeg

    models, _ = taken(GIVEN)
    words = "So that is how we did it, and nobody had told us that it could be done in an afternoon. " * 6
    texts = ("You look at one short clip and answer what is asked. " * 20, words)
    items = {f"item_{n}": SCHEMA for n in range(14)}
    schema = {"type": "object", "properties": items}
    common = {"key": "k", "prompt": "clip@1", "system": texts[0], "schema": schema, "most_tokens": 800}
    film = Footage(mime="video/mp4", start=0.0, end=30.0, address="gs://media/clip.mp4")
    pictures = [Picture(jpeg=jpeg(512, 288), at=float(n)) for n in range(6)]
    costs = {
        "gemini": models["gemini"].estimate(Question(parts=(texts[1], film), **common)),  # type: ignore[arg-type]
        "claude": models["claude"].estimate(Question(parts=(texts[1], *pictures), **common)),  # type: ignore[arg-type]
    }
    assert sum(costs.values()) <= 10_000, costs


def test_the_libraries_of_those_that_are_asked_are_known_and_none_where_the_settings_are_wrong(file: File) -> None:
    assert council.libraries(lambda: seats(read(None), Keys(GIVEN), LocalLimits(WallClock()), HOME)) == [
        "google.genai",
        "anthropic",
    ]
    assert council.libraries(lambda: seats(read(file("no JSON")), Keys(GIVEN), LocalLimits(WallClock()), HOME)) == []


def test_nothing_heavy_is_loaded_before_somebody_is_asked() -> None:
    code = (
        "import sys\n"
        "from common.adapters.embedded.limits import LocalLimits\n"
        "from common.adapters.google.clock import WallClock\n"
        "from common.adapters.models.language.seats import Home, seats\n"
        "from common.adapters.models.language.settings import read\n"
        "home = Home(mend_key=str, mend_settings='f')\n"
        "keys = {'gemini-api-key': 'a', 'anthropic-api-key': 'b'}\n"
        "found = seats(read(), keys, LocalLimits(WallClock()), home)\n"
        "heavy = {'anthropic', 'google.genai', 'httpx2', 'httpx', 'pydantic', 'numpy'}\n"
        "print(len(found.models), heavy & set(sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[0] == "2 set()", ran.stdout


def test_doctor_tells_who_is_asked_and_what_ends(file: File, tmp_path: Path) -> None:
    environ = {"CUTROOM_HOME": str(tmp_path / "home"), "CUTROOM_SECRET_ANTHROPIC_API_KEY": "a"}
    found = {one.name: (one.state, one.seen) for one in doctor(environ)}
    assert found["claude"][0] == "ok" and "claude-haiku-5-5" in found["claude"][1]
    assert found["gemini"][0] == "note" and "no key" in found["gemini"][1]
    old = file({"seats": {"claude": {"model": "claude-2.1"}}, "models": {"claude-2.1": PRICED}})
    listed = [one.seen for one in doctor({**environ, "CUTROOM_COUNCIL": str(old)}) if one.state == "wrong"]
    assert listed == ["claude-2.1 was retired on 2025-07-21"]
    (wrong,) = doctor({**environ, "CUTROOM_COUNCIL": str(file("{"))})
    assert wrong.state == "wrong" and "no JSON" in wrong.seen
    assert not (tmp_path / "home").exists()  # it changes nothing


def test_each_home_says_where_a_key_belongs(tmp_path: Path) -> None:
    settings = config.from_environment({"CUTROOM_HOME": str(tmp_path)})
    found = council.on_one_machine(settings, WallClock(), environ={"CUTROOM_SECRET_GEMINI_API_KEY": "a"})()
    assert [one.name for one in found.models] == ["gemini"]
    assert "CUTROOM_SECRET_ANTHROPIC_API_KEY" in found.vacant["claude"] and "chmod 600" in found.vacant["claude"]
    assert "CUTROOM_COUNCIL" in found.vacant["third"]
