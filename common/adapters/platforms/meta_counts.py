"""What Meta tells of ads: its figures as numbers, its reviews as words. What it leaves out is None, and never 0."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from common.domain.campaign import Day, Told
from common.domain.publication import Metrics

Json = dict[str, Any]
FIELDS: Final = (
    "impressions",
    "reach",
    "spend",
    "account_currency",
    "inline_link_clicks",
    "actions",
    "action_values",
    "video_play_actions",
    "video_avg_time_watched_actions",
    "attribution_setting",
)
WAITING: Final = ("PENDING_REVIEW", "IN_PROCESS", "PREAPPROVED")
WRONG: Final = ("DISAPPROVED", "WITH_ISSUES")


def day(row: Mapping[str, Any], event: str | None) -> Day:
    actions, values = _by_type(row.get("actions")), _by_type(row.get("action_values"))
    counted = None if event is None else f"offsite_conversion.fb_pixel_{event.lower()}"
    average = _first(row.get("video_avg_time_watched_actions"))
    revenue = None if counted is None else values.get(counted)
    metrics = Metrics(
        impressions=_count(row.get("impressions")),
        reach=_count(row.get("reach")),
        views=_count(_first(row.get("video_play_actions"))),
        average_watch_ms=None if average is None else round(average * 1000),
        clicks=_count(row.get("inline_link_clicks")),
        conversions=None if counted is None else _count(actions.get(counted)),
        spend_micros=_micros(row.get("spend")),
        revenue_micros=None if revenue is None else round(revenue * 1_000_000),
        currency=str(row["account_currency"]) if row.get("account_currency") else None,
    )
    told = {name: float(value) for name, value in actions.items()}
    return Day(date=str(row.get("date_start")), metrics=metrics, actions=told, raw=dict(row))


def told_of(raw: Json) -> Told:
    """The review of an ad."""
    effective = str(raw.get("effective_status"))
    words = [*_feedback(raw.get("ad_review_feedback")), *_issues(raw.get("issues_info"))]
    text = "; ".join(dict.fromkeys(words))[:2000] or None
    if effective in WRONG:
        return Told(state="rejected", effective=effective, text=text or "Meta does not say why", raw=raw)
    if effective == "PENDING_BILLING_INFO":
        text = "Meta waits for a way to pay; add one in the account's settings there"
        return Told(state="waiting", effective=effective, text=text, raw=raw)
    waits = effective in WAITING
    return Told(state="waiting" if waits else "passed", effective=effective, text=text, raw=raw)


def _feedback(told: object) -> list[str]:
    """Words of a tree of any depth: by placement, then by reason."""
    if isinstance(told, dict):
        found: list[str] = []
        for name, value in told.items():
            below = _feedback(value)
            found += [f"{name}: {one}" if isinstance(value, str) else one for one in below]
        return found
    return [told] if isinstance(told, str) and told else []


def _issues(told: object) -> list[str]:
    rows = told if isinstance(told, list) else []
    said = [row.get("error_summary") or row.get("error_message") for row in rows if isinstance(row, dict)]
    return [str(one) for one in said if one]


def _by_type(told: object) -> dict[str, Decimal]:
    rows = told if isinstance(told, list) else []
    found = {}
    for row in rows:
        if isinstance(row, dict) and (value := _number(row.get("value"))) is not None:
            found[str(row.get("action_type"))] = value
    return found


def _first(told: object) -> Decimal | None:
    """Of a list with one row: that of plays and of seconds watched has no other."""
    return next(iter(_by_type(told).values()), None)


def _number(told: object) -> Decimal | None:
    """Figures come as text."""
    if not isinstance(told, (str, int, float)) or isinstance(told, bool):
        return None
    try:
        found = Decimal(str(told))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _count(told: object) -> int | None:
    found = told if isinstance(told, Decimal) else _number(told)
    return None if found is None else round(found)


def _micros(told: object) -> int | None:
    found = _number(told)
    return None if found is None else round(found * 1_000_000)
