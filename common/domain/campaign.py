"""Campaigns: one clip shown for money, to an audience, for a time. All of it is made paused, each part once.

claimed ─> video ─> campaign ─> adset ─> creative ─> ad ─> review ──> ready | rejected
   │                   └────────┴───────────┴───────┴──> unknown ── read ──> goes on where it was
   └─> validated (a rehearsal makes nothing)             └──> failed
Nothing is shown before somebody says so: `delivery` is what the platform then confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from common.domain.publication import Metrics
from common.errors import BadInput

Part = Literal["campaign", "adset", "creative", "ad"]  # what is made at the platform, in this order
PARTS: tuple[Part, ...] = get_args(Part)
Step = Literal[
    "claimed",
    "video",
    "campaign",
    "adset",
    "creative",
    "ad",
    "review",
    "ready",
    "rejected",
    "unknown",
    "failed",
    "validated",
    "archived",
]
OVER: Final[tuple[Step, ...]] = ("failed", "validated", "archived")  # of which no money can be spent
Delivery = Literal["paused", "active", "archived"]
Objective = Literal["awareness", "traffic", "engagement", "sales"]
Category = Literal["none", "credit", "employment", "housing", "politics", "gambling"]
Gender = Literal["all", "women", "men"]
Button = Literal["LEARN_MORE", "SHOP_NOW", "SIGN_UP", "SUBSCRIBE", "DOWNLOAD", "GET_OFFER", "BOOK_TRAVEL", "CONTACT_US"]

# By Meta's page on currencies: these are told in whole units, all others in hundredths.
WHOLE: Final = frozenset(("CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"))
UNION: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)  # where an ad says who pays for it and for whom: Regulation (EU) 2022/2065, article 26
NARROWED: Final[tuple[Category, ...]] = ("credit", "employment", "housing")  # no choosing by age or gender there
LINKED: Final[tuple[Objective, ...]] = ("traffic", "sales")
YOUNGEST, OLDEST = 13, 65  # 65 is 65 and more
LONGEST = timedelta(days=365)
KEPT_FOR: Final = timedelta(days=7)  # after which a conversion is taken no more, and with it none that is sent along


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is to see it. `countries` by ISO 3166-1; `interests` by the platform's own ids."""

    countries: tuple[str, ...]
    age_min: int = 18
    age_max: int = OLDEST
    gender: Gender = "all"
    interests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign as it is asked for. Money in micros of `currency`, one of the two; `pixel` counts what is sold."""

    name: str
    objective: Objective
    categories: tuple[Category, ...]
    audience: Audience
    currency: str
    daily_micros: int | None
    lifetime_micros: int | None
    start: datetime | None  # None: as soon as somebody lets it run
    end: datetime | None
    message: str
    headline: str | None
    link: str | None
    button: Button
    pixel: str | None
    event: str | None
    beneficiary: str | None
    payor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a platform tells of an ad after its review. `raw`: its answer, whole."""

    state: Literal["waiting", "passed", "rejected"]
    effective: str
    text: str | None
    raw: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What is counted of a campaign in one day of the account's clock. `actions`: by the platform's own names."""

    date: str
    metrics: Metrics
    actions: Mapping[str, float]
    raw: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What somebody did, told by the advertiser. `user`: hashes alone of what names a person."""

    name: str
    id: str  # the same at every attempt: who counts takes it once
    at: datetime
    source: str
    user: Mapping[str, str]
    url: str | None = None
    value_micros: int | None = None
    currency: str | None = None


def checked(plan: Plan, now: datetime) -> None:
    """Raises BadInput saying what to change."""
    _budget(plan, now)
    if not plan.categories or ("none" in plan.categories and len(plan.categories) > 1):
        raise BadInput("categories: name the special categories the ad is of, or none alone", code="categories")
    _audience(plan)
    if plan.objective in LINKED and plan.link is None:
        raise BadInput(f"a campaign for {plan.objective} leads somewhere; send a link", code="link")
    if plan.objective == "sales" and (plan.pixel is None or plan.event is None):
        raise BadInput("a campaign for sales counts them; send the pixel and the event it counts", code="pixel")
    if UNION & set(plan.audience.countries) and not (plan.beneficiary and plan.payor):
        told = ", ".join(sorted(UNION & set(plan.audience.countries)))
        raise BadInput(f"in {told} an ad says for whom it is and who pays; send beneficiary and payor", code="payor")


def minor(micros: int, currency: str) -> int:
    """As Meta counts money: hundredths, or whole units of some currencies. Raises BadInput where that is not exact."""
    each = unit(currency)
    if micros % each:
        raise BadInput(f"{micros} micros of {currency} cannot be paid; send a multiple of {each}", code="budget")
    return micros // each


def unit(currency: str) -> int:
    """Micros of the least money that Meta counts in a currency."""
    return 1_000_000 if currency in WHOLE else 10_000


def daily(plan: Plan, now: datetime) -> int:
    """Micros that it may cost a day on average."""
    if plan.daily_micros is not None:
        return plan.daily_micros
    assert plan.lifetime_micros is not None and plan.end is not None
    seconds = max(86_400, int((plan.end - (plan.start or now)).total_seconds()))
    return -(-plan.lifetime_micros * 86_400 // seconds)


def young(events: Sequence[Conversion], now: datetime) -> tuple[list[Conversion], list[tuple[str, str]]]:
    """Those that are taken still, and the ids of the others, each with why."""
    good, left = [], []
    for one in events:
        if now - one.at >= KEPT_FOR:
            left.append((one.id, "it happened more than 7 days ago; the platform would refuse all that are sent along"))
        elif one.at > now + timedelta(minutes=1):
            left.append((one.id, "it is said to happen in time to come; look at the clock of who sent it"))
        else:
            good.append(one)
    return good, left


def _budget(plan: Plan, now: datetime) -> None:
    if (plan.daily_micros is None) == (plan.lifetime_micros is None):
        raise BadInput("send a daily budget or one for its whole life, not both", code="budget")
    if minor(plan.daily_micros or plan.lifetime_micros or 0, plan.currency) < 1:
        raise BadInput("a budget is more than nothing; send one", code="budget")
    begin = plan.start or now
    if begin < now - timedelta(minutes=1):
        raise BadInput("start has passed; send one that is to come, or none", code="times")
    if plan.end is None:
        if plan.lifetime_micros is not None:
            raise BadInput("a budget for its whole life needs an end; send one", code="times")
        return
    if plan.end <= begin:
        raise BadInput("it would end before it starts; send a later end", code="times")
    if plan.end > begin + LONGEST:
        raise BadInput(f"it would run more than {LONGEST.days} days; send an earlier end", code="times")
    if plan.lifetime_micros is not None and plan.end < begin + timedelta(days=1):
        raise BadInput("a budget for its whole life is for a day at least; send a later end", code="times")


def _audience(plan: Plan) -> None:
    told = plan.audience
    if not told.countries or any(not re.fullmatch(r"[A-Z]{2}", one) for one in told.countries):
        raise BadInput("countries: name at least one by its two letters, such as DE", code="targeting")
    if len(set(told.countries)) < len(told.countries) or len(set(told.interests)) < len(told.interests):
        raise BadInput("a country or an interest is named twice; name each once", code="targeting")
    if not YOUNGEST <= told.age_min <= told.age_max <= OLDEST:
        raise BadInput(f"ages go from {YOUNGEST} to {OLDEST}, the lower first; send such", code="targeting")
    if any(not re.fullmatch(r"\d{1,20}", one) for one in told.interests):
        raise BadInput("interests: each is the platform's own number for it", code="targeting")
    narrowed = sorted(set(plan.categories) & set(NARROWED))
    if narrowed and (told.gender != "all" or (told.age_min, told.age_max) != (18, OLDEST)):
        why = f"an ad of {', '.join(narrowed)} is shown whatever somebody's age and gender"
        raise BadInput(f"{why}; send ages 18 to {OLDEST} and all genders", code="targeting")
    if narrowed and told.interests:
        raise BadInput(
            f"an ad of {', '.join(narrowed)} is not chosen for by interests; leave them out", code="targeting"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What of it is there, by the platform's ids."""

    video: str | None = None
    campaign: str | None = None
    adset: str | None = None
    creative: str | None = None
    ad: str | None = None


def named(plan: Plan, campaign: str) -> str:
    """What each part is called at the platform: by it a part is found whose making nobody answered."""
    return f"{plan.name[:200].strip()} [{key(campaign)}]"


def key(campaign: str) -> str:
    return f"cutroom:{campaign}"


def keyed(name: str) -> tuple[str | None, str]:
    """The campaign that a name of a part bears, None where it bears none, and what somebody wrote behind it."""
    found = re.search(r"\[cutroom:([0-9a-f]{16})\](.{0,2000})", name, re.DOTALL)
    return (None, "") if found is None else (found[1], found[2].strip())
