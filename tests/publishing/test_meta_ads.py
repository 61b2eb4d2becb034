"""What is said to Meta about ads: as its own tables have it, and refused by the stand-in where anything is odd."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from common.adapters.platforms import meta_counts, registry
from common.adapters.platforms.site import Site
from common.chores.ads.campaigning import watch_key
from common.domain.campaign import Audience, Conversion
from common.errors import PlatformSaid
from common.ports.platforms import App
from tests.conftest import SHARED
from tests.publishing.ads import Office, office
from tests.publishing.desk import TENANT
from tests.publishing.plain import TOKEN
from tests.standins.loopback import Request
from tests.standins.platforms.meta import VERSION
from tests.standins.platforms.meta_ads import MetaAds
from tests.standins.platforms.network import Asked, challenge, running

SPECS = SHARED / "api_specs" / "meta"
VERIFIER = "v" * 64
NODES = {"campaign": "Campaign", "adset": "AdSet", "creative": "AdCreative", "ad": "Ad"}
EDGES = {  # what an edge gives
    **{"campaigns": "Campaign", "adsets": "AdSet", "adcreatives": "AdCreative", "ads": "Ad", "adaccounts": "AdAccount"},
    **{"promote_pages": "Page", "thumbnails": "VideoThumbnail", "insights": "AdsInsights"},
}
ALWAYS = {"limit", "after", "fields"}  # of every list
LATER = {"advantage_audience"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A whole story: three campaigns, one rehearsed, one let run, looked for, read, and what people did."""
    with office(tmp_path_factory.mktemp("ads")) as at:
        at.site.chunk = 1 << 20
        at.campaign("a" * 16, rehearsal=True)
        at.until_over()
        audience = Audience(countries=("US",), gender="men", interests=("6003139266461",))
        at.campaign("b" * 16, objective="sales", pixel="7001", event="PURCHASE", audience=audience)
        at.until_over()
        at.campaign("d" * 16, categories=("politics",), objective="awareness")
        lost = {"campaign", "adset", "creative", "ad"}

        def decide(asked: Asked) -> Any:
            if asked.op in lost:
                lost.discard(asked.op)
                return "lost"
            return None

        at.site.decide = decide
        assert at.until_over()["step"] == "ready" and not lost
        at.want("active")
        at.until_over()
        at.desk.until(watch_key(TENANT, "d" * 16), until=lambda body: "read" in body)
        at.allot(12_340_000)
        at.until_over()
        for to in ("paused", "archived"):
            at.want(to)
            at.until_over()
        now = at.desk.clock.now()
        event = Conversion(name="Purchase", id="1", at=now, source="website", user={"em": "a" * 64}, url="https://a.b/")
        adapter = at.desk.tools.ads("meta-ads")
        adapter.convert(TOKEN, "7001", [replace(event, value_micros=12_500_000, currency="EUR")])
        adapter.accounts(TOKEN)  # type: ignore[attr-defined]
        yield at


def test_every_request_is_as_metas_tables_have_it(told: Office) -> None:
    if not SPECS.is_dir():
        pytest.skip(f"Meta's tables of parameters are not at {SPECS}")
    checked = 0
    for asked in told.site.requests:
        found = node_of(told.site, asked)
        if found is None:
            continue
        assert wrong(asked, *found) == [], (asked.request.path, asked.request.body[:300])
        checked += 1
    left = {asked.op for asked in told.site.requests if node_of(told.site, asked) is None}
    assert left <= {"convert"}, "the events of a pixel alone are in no table"
    assert checked > 40


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"objective": "OUTCOME_FAME"}, "objective is OUTCOME_FAME"),
        ({"surprise": "1"}, "unknown surprise"),
        ({"special_ad_categories": '["ALL"]'}, "special_ad_categories is ALL"),
        ({"special_ad_categories": None}, "no special_ad_categories"),
    ],
)
def test_what_meta_does_not_describe_is_seen(body: dict[str, str | None], what: str) -> None:
    if not SPECS.is_dir():
        pytest.skip(f"Meta's tables of parameters are not at {SPECS}")
    form = {"name": "x", "special_ad_categories": '["NONE"]', **body}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    request = Request(method="POST", path=f"/{VERSION}/act_2001/campaigns", headers=headers, body=sent)
    assert wrong(Asked("campaign", request, {}), "AdAccount", "campaigns") == [what]


def test_what_is_odd_in_any_request_is_refused(told: Office) -> None:
    kept = [asked for asked in told.site.requests if asked.op != "permissions"]
    seen: set[tuple[str, str]] = set()
    n = 0
    for asked in kept:
        for what, odd in mutated(asked.request):
            if (asked.op + asked.request.path.rsplit("/", 1)[-1][:12], what) in seen:
                continue
            seen.add((asked.op + asked.request.path.rsplit("/", 1)[-1][:12], what))
            assert told.site.refuses(odd), (what, odd.method, odd.path, odd.body[:200])
            n += 1
    assert n > 100


def test_no_token_stands_in_an_address_and_each_is_in_its_header(told: Office) -> None:
    for asked in told.site.requests:
        assert TOKEN not in asked.request.path
        assert asked.header("authorization") == f"Bearer {TOKEN}"


def test_signing_in_asks_for_the_least_and_shows_accounts_one_may_advertise_in() -> None:
    with running(MetaAds()) as site:
        adapter = registry.platform("meta-ads", Site(address=site.address))
        app = App(id=site.client, secret=site.secret)
        back = site.allowed("ann", adapter.authorize(app, site.redirect, "state", challenge(VERIFIER)))
        tokens = adapter.exchange(app, site.redirect, back["code"], VERIFIER)
        assert set(tokens.scopes) == {"ads_management", "ads_read", "pages_show_list", "pages_read_engagement"}
        found = adapter.accounts(tokens.access)
        assert [one.id for one in found] == ["2001", "2002", "2004"], "of three lists; not where one may only look"
        fresh = adapter.refresh(app, tokens)
        adapter.revoke(app, fresh)
        with pytest.raises(PlatformSaid) as error:
            adapter.accounts(fresh.access)
        assert error.value.action == "reconnect"


def test_an_old_event_has_all_refused_by_meta_and_one_name_and_id_is_counted_once(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        adapter = at.desk.tools.ads("meta-ads")
        now = at.desk.clock.now()
        one = Conversion(name="Purchase", id="1", at=now, source="app", user={"fbp": "fb.1"})
        old = replace(one, id="2", at=now - timedelta(days=7, seconds=1))
        with pytest.raises(PlatformSaid, match="too far in the past"):
            adapter.convert(TOKEN, "7001", [one, old])
        assert not at.site.events, "the whole request"
        for _ in range(2):
            adapter.convert(TOKEN, "7001", [one])
        assert at.site.batches == 2 and len(at.site.events) == 1


def test_a_budget_is_told_in_the_least_money_there_is(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        at.site.ad_accounts[0].currency = "JPY"
        at.campaign(currency="JPY", daily_micros=3_000_000_000)
        at.until_over()
        at.allot(2_999_000_000)
        body = at.until_over()
        assert at.budget == "2999" and body["plan"]["daily_micros"] == body["a_day"] == 2_999_000_000


def test_yen_are_counted_whole(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        at.site.ad_accounts[0].currency = "JPY"
        at.campaign(currency="JPY", daily_micros=3_000_000_000)
        assert at.until_over()["step"] == "ready"
        assert next(one.made for one in at.site.nodes.values() if one.kind == "adset")["daily_budget"] == "3000"


@pytest.mark.parametrize(
    "row",
    [{}, {"impressions": None, "spend": "", "actions": None}, {"impressions": "many", "actions": [{}], "spend": "NaN"}],
)
def test_figures_that_are_not_told_are_none(row: dict[str, Any]) -> None:
    metrics = meta_counts.day({"date_start": "2026-11-21", **row}, "PURCHASE").metrics
    assert all(getattr(metrics, name) is None for name in metrics.__slots__)


def test_a_zero_is_a_zero_and_conversions_are_of_the_event() -> None:
    row = {
        "date_start": "2026-11-21",
        "inline_link_clicks": "0",
        "spend": "0",
        "actions": [
            {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "3"},
            {"action_type": "purchase", "value": "4"},
        ],
        "action_values": [{"action_type": "offsite_conversion.fb_pixel_purchase", "value": "36.60"}],
    }
    metrics = meta_counts.day(row, "PURCHASE").metrics
    assert (metrics.clicks, metrics.spend_micros, metrics.conversions) == (0, 0, 3)
    assert metrics.revenue_micros == 36_600_000


def test_a_rows_pages_are_followed_by_their_cursor(tmp_path: Path) -> None:
    """One whose answer was lost, among others that were made since, two to a list."""
    with office(tmp_path) as at:
        key = at.campaign("e" * 16, size=1000)
        at.site.decide = lambda asked: "lost" if asked.op == "campaign" and not at.site.count("campaign") else None
        at.until_over(until=lambda body: body["step"] == "unknown")
        for n in range(5):
            campaign = at.site.nodes[next(iter(at.site.nodes))]
            at.site.nodes[str(n)] = replace(campaign, id=str(n), name=f"Another {n}")
        assert at.desk.until(key)["step"] == "ready" and at.site.counts == [6, 1, 1, 1]
        looked = [one for one in at.site.requests if one.op == "read"]
        assert any("after=4" in one.request.path for one in looked), "it was not on the first of the lists"


def node_of(site: MetaAds, asked: Asked) -> tuple[str, str] | None:
    """Which of Meta's tables a request is in: a node, and its edge, "#get" or "#update"."""
    path = urlsplit(asked.request.path).path.split("/")[2:]
    node, edge = path[0], path[1] if len(path) > 1 else ("#get" if asked.request.method == "GET" else "#update")
    if node == "me":
        return "User", edge
    if node.startswith("act_"):
        return "AdAccount", edge
    if node in site.videos:
        return "AdVideo", edge
    if node in site.reports:
        return "AdReportRun", edge
    return (NODES[site.nodes[node].kind], edge) if node in site.nodes else None


def wrong(asked: Asked, node: str, edge: str) -> list[str]:
    """What Meta's tables of v25.0 do not have of it, down into what is sent as JSON."""
    table = load(node)
    method = asked.request.method
    api = next(
        one for one in table["apis"] if edge in (one.get("endpoint"), one.get("name")) and one["method"] == method
    )
    params = {one["name"]: one for one in api["params"]}
    sent: dict[str, Any] = dict(asked.query)
    if method == "POST":
        multipart = asked.header("content-type").startswith("multipart/")
        sent |= dict(asked.parts if multipart else asked.form)
    found = [f"no {name}" for name, one in params.items() if one.get("required") and name not in sent]
    for name, value in sent.items():
        if name == "fields" and method == "GET":
            names = {one["name"] for one in load(EDGES.get(edge, node))["fields"]}
            found += [f"no field {one}" for one in value.split(",") if one not in names]
        elif name in params:
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            found += odd(name, text, params[name]["type"])
        elif name not in ALWAYS:
            found.append(f"unknown {name}")
    return found


def odd(name: str, value: Any, kind: str) -> list[str]:
    enums = {one["name"]: one["values"] for one in load("enum_types")}
    many = re.fullmatch(r"list<(.+)>", kind)
    structured = (SPECS / f"{kind}.json").is_file()
    if isinstance(value, str) and (many or structured or kind in ("map", "Object")):
        try:
            value = json.loads(value)
        except ValueError:
            return [f"{name} is no JSON"]
    if many:
        return (
            [one for each in value for one in odd(name, each, many[1])]
            if isinstance(value, list)
            else [f"{name} is one"]
        )
    if structured and isinstance(value, dict):
        inner = {one["name"]: one["type"] for one in load(kind)["fields"]}
        if kind == "AdCreative":
            inner["creative_id"] = "string"
        found = [f"unknown {name}.{one}" for one in value if one not in inner]
        return found + [one for each in value if each in inner for one in odd(each, value[each], inner[each])]
    if kind in enums and value not in enums[kind]:
        return [f"{name} is {value}"]
    if kind == "bool" and value not in ("true", "false", True, False):
        return [f"{name} is {value}"]
    if kind in ("unsigned int", "int") and not re.fullmatch(r"-?\d+", str(value)):
        return [f"{name} is {value}"]
    return []


def load(name: str) -> Any:
    return json.loads((SPECS / f"{name}.json").read_text())


def mutated(asked: Request) -> Iterator[tuple[str, Request]]:
    path, _, query = asked.path.partition("?")
    yield "another version", replace(asked, path=asked.path.replace(VERSION, "v19.0"))
    yield "another method", replace(asked, method="PUT")
    yield "an unknown path", replace(asked, path=f"{path}/more")
    yield "a token in the address", replace(asked, path=f"{path}?{query}&access_token=user-1")
    yield "an unknown parameter", replace(asked, path=f"{path}?{query}&surprise=1")
    headers = {name: value for name, value in asked.headers.items() if name.lower() != "authorization"}
    yield "no token", replace(asked, headers=headers)
    for name, value in parse_qsl(query):
        if name in ("fields", "targeting_spec", "targeting_list"):
            changed = urlencode({**dict(parse_qsl(query)), name: f"{value},odd"})
            yield f"{name} of what is unknown", replace(asked, path=f"{path}?{changed}")
    if dict(asked.headers).get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        fields = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        optional = {
            "buying_type",
            "end_time",
            "start_time",
            "dsa_beneficiary",
            "dsa_payor",
            "destination_type",
            "title",
        }
        optional |= {"execution_options", "special_ad_category_country", "promoted_object"}
        for name in fields.keys() - optional:
            left = {one: value for one, value in fields.items() if one != name}
            yield f"no {name}", replace(asked, body=urlencode(left).encode())
        for name in fields.keys() - {"name", "title", "dsa_beneficiary", "dsa_payor", "destination_type"}:
            yield f"an odd {name}", replace(asked, body=urlencode({**fields, name: "odd"}).encode())
        yield "an unknown field", replace(asked, body=asked.body + b"&surprise=1")
        yield "JSON", replace(asked, headers={**asked.headers, "Content-Type": "application/json"})
