"""Past campaigns from tables as people have them: each oddity is either read for what it is, or told with its row."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest

from common.errors import BadInput
from common.learning import imports, summing, tables
from common.learning.imports import Found, Options
from tests.conftest import SHARED

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KAG = SHARED / "ctr" / "KAG_conversion_data.csv"
TRENDING = SHARED / "ctr" / "youtube_US_trending_2017.csv.gz"
OURS = "id,title,launched,impressions,clicks,spend,currency"
META_EN = (
    "Campaign name,Ad set name,Ad name,Ad ID,Day,Age,Gender,Impressions,Link clicks,Clicks (all),Amount spent (EUR),"
    "Results,Reach,CTR (link click-through rate),Reporting starts,Reporting ends"
)
META_DE = (
    "Name der Anzeige;Anzeigen-ID;Tag;Alter;Geschlecht;Impressionen;Linkklicks;Klicks (alle);Ausgegebener Betrag (EUR);"
    "Ergebnisse;Reichweite"
)


def read(text: str | bytes, **more: Any) -> Found:
    content = text.encode() if isinstance(text, str) else text
    return imports.read(content, Options(**{"account": "Shop", **more}), NOW)


def ours(*rows: str, head: str = OURS, **more: Any) -> Found:
    return read("\n".join((head, *rows)), **more)


def wrong(found: Found) -> list[tuple[int, str]]:
    assert not found.past, "nothing is taken where something is wrong"
    return [(one.line, one.text) for one in found.wrong]


def refused(text: str | bytes, **more: Any) -> str:
    with pytest.raises(BadInput) as told:
        read(text, **more)
    return str(told.value)


def test_an_export_of_ads_manager_is_read_and_says_how() -> None:
    rows = [
        'Summer,Women,"Tea, green",2385,2026-03-01,25-34,female,"1,234",12,40,10.50,3,900,0.97,2026-03-01,2026-03-31',
        'Summer,Women,"Tea, green",2385,2026-03-02,25-34,female,766,8,20,"1,005.25",2,700,1.04,2026-03-01,2026-03-31',
        'Summer,Women,"Tea, green",2385,2026-03-02,25-34,male,500,1,2,3.00,0,500,0.2,2026-03-01,2026-03-31',
        'Summer,Men,"Tea, green – Copy 2",2386,2026-03-05,35-44,male,100,0,0,1.00,0,90,0,2026-03-01,2026-03-31',
    ]
    found = ours(*rows, head=META_EN)
    assert (found.rows, len(found.past), found.wrong) == (4, 3, ())
    women, men, copy = found.past
    assert (women.metrics.impressions, women.metrics.clicks, women.metrics.conversions) == (2000, 20, 5)
    assert (women.metrics.spend_micros, women.metrics.currency) == (1_015_750_000, "EUR")
    assert women.segments == {"age": "25-34", "gender": "women"} and men.segments["gender"] == "men"
    assert (women.launched, men.launched) == (date(2026, 3, 1), date(2026, 3, 1)), "of the ad, not of the segment"
    assert women.group == men.group == copy.group, "a copy is a near-duplicate"
    assert len({one.id for one in found.past}) == 3
    by = {one.name: one for one in found.columns}
    assert by["Link clicks"].meaning == "clicks" and by["Amount spent (EUR)"].meaning == "spend"
    assert by["Clicks (all)"].meaning is None and "Link clicks" in str(by["Clicks (all)"].why)
    assert by["Reach"].meaning is None and by["Reach"].why


def test_a_german_export_is_the_same_as_an_english_one() -> None:
    rows = [
        "Grüner Tee;2385;01.03.2026;25-34;weiblich;1.234;12;40;10,50;3;900",
        "Grüner Tee;2385;02.03.2026;25-34;weiblich;766;8;20;1.005,25;2;700",
    ]
    (one,) = ours(*rows, head=META_DE).past
    assert (one.metrics.impressions, one.metrics.clicks, one.metrics.spend_micros) == (2000, 20, 1_015_750_000)
    assert (one.segments, one.launched, one.last) == (
        {"age": "25-34", "gender": "women"},
        date(2026, 3, 1),
        date(2026, 3, 2),
    )


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_it_is_read_in_any_writing(code: str, between: str) -> None:
    text = "\r\n".join((OURS, "1,Grün,2026-03-01,100,5,1.25,EUR")).replace(",", between)
    (one,) = read(text.encode(code)).past
    assert (one.title, one.metrics.clicks, one.metrics.spend_micros) == ("Grün", 5, 1_250_000)


def test_it_may_be_packed_and_have_lines_above_and_its_separator_named() -> None:
    text = f"sep=;\n{OURS};x\n1,a;b;2026-03-01;100;5;1;EUR;0".replace(OURS, OURS.replace(",", ";"))
    (one,) = read(gzip.compress(text.encode())).past
    assert one.title == "b"
    (one,) = read(f"Campaign report\nMarch 2026\n\n{OURS}\n1,a,2026-03-01,100,5,1,EUR").past
    assert one.metrics.impressions == 100


def test_each_wrong_row_is_told_with_its_line_and_nothing_is_taken() -> None:
    told = wrong(
        ours(
            "1,good,2026-03-01,100,5,1.50,EUR",
            "2,more clicks,2026-03-01,100,101,1.50,EUR",
            "3,negative,2026-03-01,100,5,-1.50,EUR",
            "4,other money,2026-03-01,100,5,1.50,USD",
            "5,words,2026-03-01,many,5,1.50,EUR",
            "6,ragged,2026-03-01,100,5",
            "7,ragged,2026-03-01,100,5,1.50,EUR,and more",
            "8,formula,2026-03-01,=2+2,5,1.50,EUR",
            "=cmd|'/C calc'!A0,x,2026-03-01,100,5,1.50,EUR",
            "10,nul\0,2026-03-01,100,5,1.50,EUR",
            "11,huge,2026-03-01,99999999999999,5,1.50,EUR",
            "12,lost,2026-03-01,1.2E+05,5,1.50,EUR",
            "13,part,2026-03-01,10.5,5,1.50,EUR",
            "14,no day,31.02.2026,100,5,1.50,EUR",
            "15,to come,2027-03-01,100,5,1.50,EUR",
            "16,old,1999-03-01,100,5,1.50,EUR",
            ",,2026-03-01,100,5,1.50,EUR",
            "2.38E+16,lost id,2026-03-01,100,5,1.50,EUR",
            "19,less,2026-03-01,-100,5,1.50,EUR",
            "20,no day,,100,5,1.50,EUR",
            "1,good,2026-03-01,100,5,1.50,EUR",
            "1,good,2026-03-01,90,5,1.50,EUR",
            f"23,{'long' * 600},2026-03-01,100,5,1.50,EUR",
        )
    )
    reasons = [
        *("more than its 100", "less than nothing", "USD", "no whole number", "5 fields", "8 fields", "a formula"),
        *("a formula (=cmd", "(NUL)", "more than can be", "lost its last digits", "no whole number", "no date"),
        *("still to come", "before there were", "names no ad", "lost its last digits", "less than nothing"),
        *("does not say when", "line 2 once more", "line 2 has the same ad", "2400 characters"),
    ]
    assert [line for line, _ in told] == [*range(3, 25)]
    for (line, text), reason in zip(told, reasons, strict=True):
        assert reason in text, f"line {line}"
        assert ";" in text or "," in text, "it says what to do"


def test_ads_that_are_called_alike_at_two_networks_are_two() -> None:
    head = "{},day,impressions,clicks,network"
    for named in ("id", "title"):
        rows = ["Tea,2026-03-01,1000,5,Facebook", "Tea,2026-03-01,700,9,TikTok", "Tea,2026-03-02,70,1,TikTok"]
        there, another = ours(*rows, head=head.format(named)).past
        assert (there.network, there.metrics.impressions) == ("meta-ads", 1000)
        assert (another.network, another.metrics.impressions, another.ad) == ("tiktok", 770, "Tea")
        (alone,) = ours("Tea,2026-03-01,1000,5", head=head.format(named).removesuffix(",network")).past
        assert alone.id == there.id != another.id
        (alone,) = ours("Tea,2026-03-01,5,5", head=head.format(named).removesuffix(",network"), network="tiktok").past
        assert alone.id == another.id


def test_days_that_two_rows_of_an_ad_tell_of_count_once() -> None:
    head = "id,reporting starts,reporting ends,impressions,clicks"
    rows = [
        "1,2026-02-01,2026-02-28,700,9",
        "1,2026-01-01,2026-01-31,1000,5",
        "2,2026-01-05,2026-01-05,50,5",
        "2,2026-01-01,2026-01-31,500,5",
        "3,2026-01-01,2026-01-31,500,5",
        "3,2026-01-02,2026-01-03,50,5",
        "3,2026-01-30,2026-02-02,50,5",
        "3,2026-02-02,2026-02-09,50,5",
    ]
    told = wrong(ours(*rows, head=head))
    assert [line for line, _ in told] == [4, 7, 8] and all("take one out" in text for _, text in told)
    assert ["line 5 tells" in told[0][1], *("line 6 tells" in text for _, text in told[1:])] == [True] * 3
    once = ours(*rows[:3], rows[4], rows[7], head=head).past
    assert [one.metrics.impressions for one in once] == [1700, 50, 550]


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    head = "id,name,account,day,impressions,clicks,conversions,spend,currency,country"
    (line, text), (_, few), (_, nothing) = wrong(
        ours(
            "2.38E+16,=1+1,,31.02.2026,many,-5,0.5,-1,EUR,=x",
            "1,a,Shop,2026-03-01,100,101,1,1.50,USD,de",
            ",,,,5,,,,,",
            *(f"{n + 2},a,Shop,2026-03-01,100,1,1,1.50,EUR,de" for n in range(3)),
            head=head,
            account=None,
        )
    )
    assert line == 2 and text.count(". Also: ") == imports.MOST_REASONS - 1 and text.endswith(". And 5 more")
    assert text.startswith("its id 2.38E+16 has lost its last digits; format that column as text, and export it again")
    assert "101 clicks are more than its 100 impressions" in few and "spend is in USD" in few
    assert "more" not in few.split("; correct")[1], "two things are wrong with it"
    told = [one.partition(";")[0] for one in nothing.split(". Also: ")]
    assert told == ["it names no ad", "it does not say when it ran", "it names no account"]


@pytest.mark.parametrize(
    ("dates", "option", "first"),
    [
        (("2026-03-04", "2026/03/05"), None, date(2026, 3, 4)),
        (("03/04/2026", "31/03/2026"), None, date(2026, 4, 3)),
        (("03/04/2026", "03/31/2026"), None, date(2026, 3, 4)),
        (("03.04.2026", "05.04.26"), None, date(2026, 4, 3)),
        (("3-4-2026", "4-4-2026"), "day-first", date(2026, 4, 3)),
        (("3-4-2026", "4-4-2026"), "month-first", date(2026, 3, 4)),
        (("Mar 4, 2026", "5 March 2026"), None, date(2026, 3, 4)),
        (("2026-03-04T23:59:00Z", "2026-03-05 10:00"), None, date(2026, 3, 4)),
    ],
)
def test_dates_are_settled_by_their_column(dates: tuple[str, str], option: Any, first: date) -> None:
    rows = [f'{n},a,"{one}",100,5,1,EUR' for n, one in enumerate(dates)]
    assert ours(*rows, dates=option).past[0].launched == first


def test_dates_of_which_nobody_knows_are_asked_about_and_mixed_ones_told() -> None:
    told = wrong(ours("1,a,03/04/2026,100,5,1,EUR", "2,a,04/05/2026,100,5,1,EUR"))
    assert [line for line, _ in told] == [2, 3] and "day or the month" in told[0][1]
    rows = ["1,a,2026-03-01,100,5,1,EUR", "2,a,31/03/2026,9,1,1,EUR", "3,a,30/03/2026,9,1,1,EUR"]
    told = wrong(ours(*rows, "4,a,03/31/2026,9,1,1,EUR"))
    assert [line for line, _ in told] == [5] and "day first" in told[0][1]
    told = wrong(ours("1,a,31/03/2026,9,1,1,EUR", dates="month-first"))
    assert "not month first" in told[0][1]


@pytest.mark.parametrize(
    ("amounts", "micros"),
    [
        (("1,234", "1,234.50"), 1_234_000_000),
        (("1.234", "1.234,50"), 1_234_000_000),
        (("1.234", "0.5"), 1_234_000),
        (("1 234,5", "7,25"), 1_234_500_000),
        (("1\u202f234,5", "7,25"), 1_234_500_000),
        (("1'234.5", "7.25"), 1_234_500_000),
        (("€1,234.50", "EUR 7.25"), 1_234_500_000),
        (("1.234,50 €", "7,25 €"), 1_234_500_000),
        (("1,23,456.75", "7.25"), 123_456_750_000),
        (("1.429999948", "7.25"), 1_430_000),
    ],
)
def test_amounts_are_settled_by_all_of_them(amounts: tuple[str, str], micros: int) -> None:
    rows = [f'{n},a,2026-03-01,100,5,"{one}",EUR' for n, one in enumerate(amounts)]
    assert ours(*rows).past[0].metrics.spend_micros == micros


def test_an_amount_of_which_nobody_knows_is_asked_about() -> None:
    text = f'{OURS}\n1,a,2026-03-01,100,5,"1,234",EUR'
    assert "point or comma" in refused(text)
    assert read(text, numbers="comma").past[0].metrics.spend_micros == 1_234_000
    assert read(text, numbers="point").past[0].metrics.spend_micros == 1_234_000_000
    counted = text.replace(",100,", ',"12,500",')
    assert read(counted).past[0].metrics.spend_micros == 1_234_000_000, "the counts show what stands between thousands"


def test_what_is_not_told_is_not_known_and_never_0() -> None:
    found = ours("1,a,2026-03-01,100,,,EUR", "1,a,2026-03-02,100,5,2,EUR", "2,b,2026-03-01,0,0,1,EUR")
    first, second = found.past
    assert (first.metrics.impressions, first.metrics.clicks, first.metrics.spend_micros) == (200, None, None)
    assert first.metrics.currency is None and second.metrics.currency == "EUR"
    assert summing.creatives(found.past) == []
    assert any("blanks are zero" in one for one in found.notes) and any("nobody" in one for one in found.notes)
    found = ours("1,a,2026-03-01,100,,,EUR", "1,a,2026-03-02,100,5,2,EUR", blanks="zero")
    assert (found.past[0].metrics.clicks, found.past[0].metrics.spend_micros) == (5, 2_000_000)


def test_the_line_that_sums_up_is_left_out_only_where_it_does() -> None:
    rows = ["1,a,2026-03-01,100,5,1,EUR", "2,b,2026-03-01,50,5,1,EUR"]
    found = ours(",,,150,10,2,EUR", *rows)
    assert len(found.past) == 2 and "Line 2 sums up" in found.notes[0]
    assert wrong(ours(",,2026-03-01,151,10,2,EUR", *rows))[0][0] == 2


def test_a_table_that_is_none_is_refused_with_what_to_do() -> None:
    for text, why in (
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (OURS.encode(), "no rows"),
        (b"one column\n1\n", "one column"),
        (b"PK\x03\x04....", "Excel"),
        (f"{OURS}\n1,T\xe4,x".encode("latin-1"), "line 2 is not written in UTF-8"),
        (gzip.compress(OURS.encode())[:-9], "its end is missing"),
        (f'{OURS}\n1,"a,b'.encode(), "cannot be read"),
        (b"video_id,views,likes\n1,2,3", "Views say who watched"),
        (b"id,day,impressions\n1,2026-01-01,3", "no column tells clicks"),
        (b"day,impressions,clicks\n2026-01-01,3,1", "which ad"),
        (b"id,impressions,clicks\n1,3,1", "when it ran"),
        (b"id,id,day,impressions,clicks\n1,1,2026-01-01,3,1", "twice"),
        (b"id,day,impressions,clicks,Amount spent (EUR),Amount spent (USD)\n1,2026-01-01,3,1,1,1", "EUR and USD"),
        ((OURS + "\n" + "1,a,2026-03-01,100,5,1,EUR\n" * 50_001).encode(), "50001 rows"),
    ):
        assert why in refused(text)
    assert "whose account" in refused(f"{OURS}\n1,a,2026-03-01,100,5,1,EUR", account=None)
    big = gzip.compress(b"a,b\n" * (tables.MOST_BYTES // 4 + 10))
    assert "larger than 32 MiB" in refused(big)


def test_accounts_may_be_columns_and_hostile_names_stay_words() -> None:
    rows = ['<script>alert(1)</script>,\u202e"x"\u0007,2026-03-01,100,5,1,EUR', '="0042",@home,2026-03-01,100,5,1,EUR']
    head = OURS.replace("title", "Account name")
    one, other = ours(*rows, head=head, account=None).past
    assert one.account == '"x"' and other.account == "@home"
    assert len({one.id, other.id}) == 2


def test_what_is_packed_in_pieces_is_not_half_taken() -> None:
    row = "1,a,2026-03-01,100,5,1,EUR\n"
    pieces = gzip.compress(f"{OURS}\n{row}".encode()) + gzip.compress(row.replace("1,a", "2,b").encode())
    assert "several pieces" in refused(pieces)


@pytest.mark.parametrize("mark", ['"', "\0", "x", "\x1b"])
def test_no_odd_separator_is_taken_for_one(mark: str) -> None:
    assert "separator" in refused(f"sep={mark}\n{OURS}\n1,a,2026-03-01,100,5,1,EUR")


def test_no_cell_is_kept_busy_with_for_long() -> None:
    began = time.process_time()
    names = ("-" * 1999 + "x", "copy " * 399, "(" * 2000)
    rows = [f"{n},{name},2026-03-01,100,5,1,EUR" for n, name in enumerate(names)]
    many = [row.replace(",", f"{n},", 1) for row in rows for n in range(200)]
    assert len(ours(*many).past) == 600
    assert time.process_time() - began < 3, "it was 65 ms for each"


def test_a_table_that_would_fill_the_memory_is_refused() -> None:
    for text in (f"{OURS}\n{'ab,' * 10_000_000}", f"{OURS}\n" + ("ab," * 290 + "\n") * 30_000, "," * (31 << 20)):
        assert "3,000,000 cells" in refused(text)


def test_no_column_tells_a_terminal_what_to_do() -> None:
    found = ours("1,a,2026-03-01,100,5,1,EUR,x", head=f"{OURS},\x1b]0;owned\x07 Mood")
    assert found.columns[-1].name == "]0;owned Mood"
    assert "\x1b" not in refused("id,title,\x1b[31mday,impressions\n1,a,2026-03-01,100")


@pytest.mark.parametrize(
    "name", ["Tea copy", "tea – Copy 2", "Tea (Kopie) 3)", "Tea copy - copy 2", "TEA - Cópia", "tea_ copia 12"]
)
def test_a_copy_is_grouped_with_what_it_is_of(name: str) -> None:
    rows = ["1,Tea,2026-03-01,100,5,1,EUR", f"2,{name},2026-03-01,100,5,1,EUR"]
    assert len({one.group for one in ours(*rows).past}) == 1


@pytest.mark.parametrize("name", ["Teacopy", "tea copy2", "tea_copy", "copy", "tea copying"])
def test_what_only_sounds_like_a_copy_is_not_one(name: str) -> None:
    rows = ["1,Tea,2026-03-01,100,5,1,EUR", f"2,{name},2026-03-01,100,5,1,EUR"]
    assert len({one.group for one in ours(*rows).past}) == 2


def test_an_ad_that_is_split_by_what_nobody_knows_says_so() -> None:
    rows = ["1,a,2026-03-01,100,5,1,EUR,morning", "1,a,2026-03-01,90,4,1,EUR,evening"]
    ((line, text),) = wrong(ours(*rows, head=f"{OURS},Time of day"))
    assert line == 3 and "'Time of day'" in text


def test_what_becomes_of_it_is_an_outcome_like_that_of_a_post() -> None:
    (one,) = ours("1,a,2026-03-01,100,5,1,EUR").past
    body = summing.outcome(one, NOW)
    assert (body["source"], body["account"], body["network"], body["launched"]) == (
        *("import", "Shop", "meta-ads"),
        "2026-03-01T00:00:00.000Z",
    )
    assert body["metrics"]["clicks"] == 5 and body["metrics"]["likes"] is None and body["features"] == {}
    (creative,) = summing.creatives([one])
    assert (creative.impressions, creative.clicks, creative.launched) == (100, 5, datetime(2026, 3, 1, tzinfo=UTC))
    assert creative.until == datetime(2026, 3, 2, tzinfo=UTC), "its figures are known when its last day is over"


def test_ads_of_many_days_are_summed() -> None:
    rows = (f"{n % 5000},title {n % 5000},2026-0{n // 5000 % 9 + 1}-01,{n},{n // 50},1.5,EUR" for n in range(20_000))
    found = ours(*rows)
    assert (found.rows, len(found.past)) == (20_000, 5000)
    last = found.past[4999]
    assert (last.metrics.impressions, last.launched, last.last) == (
        sum(range(4999, 20_000, 5000)),
        *(date(2026, 1, 1), date(2026, 4, 1)),
    )


@pytest.mark.skipif(not KAG.is_file(), reason="the shared data are not on this machine")
def test_the_public_table_of_ads_is_read_whole() -> None:
    found = read(KAG.read_bytes())
    assert (found.rows, len(found.past), len(summing.creatives(found.past))) == (1143, 1143, 1143)
    assert sum(one.metrics.clicks or 0 for one in found.past) == 38165
    assert (found.dates, found.span) == ("day-first", (date(2023, 8, 1), date(2023, 8, 31)))


@pytest.mark.skipif(not TRENDING.is_file(), reason="the shared data are not on this machine")
def test_views_are_not_taken_for_impressions() -> None:
    assert "Views say who watched" in refused(TRENDING.read_bytes())


def test_what_somebody_says_of_the_currency_does_not_turn_euros_into_dollars() -> None:
    told = refused("Ad name,Day,Impressions,Clicks,Amount spent (EUR)\nA,2026-01-01,10,1,2.50\n", currency="USD")
    assert "tells money in EUR, not in USD; leave the currency out" in told
    assert "is no currency; give its three letters" in refused(f"{OURS}\n1,Tea,2026-01-01,9,1,1.5,\n", currency="euro")


def test_a_sign_of_several_currencies_is_the_one_that_the_table_names() -> None:
    (tea,) = ours("1,Tea,2026-01-01,9,1,$1.50,CAD").past
    assert (tea.metrics.spend_micros, tea.metrics.currency) == (1_500_000, "CAD")
    assert ours("1,Tea,2026-01-01,9,1,¥150,", currency="CNY").currency == "CNY"
    head = "id,launched,impressions,clicks,Amount spent (AUD)"
    assert ours("1,2026-01-01,9,1,$1.50", head=head).currency == "AUD"
    assert ours("1,Tea,2026-01-01,9,1,$1.50,").currency == "USD", "where nothing else tells"
    assert "spend is in USD" in wrong(ours("1,Tea,2026-01-01,9,1,US$1.50,CAD", "2,Tea,2026-01-01,9,1,2,CAD"))[0][1]
    assert "spend is in $" in wrong(ours("1,Tea,2026-01-01,9,1,$1.50,", "2,Tea,2026-01-01,9,1,€2,"))[0][1]


def test_an_account_that_somebody_names_is_spelled_as_a_column_would_be() -> None:
    table = f"{OURS}\n1,Tea,2026-01-01,9,1,,"
    assert read(table, account=" My \u200b Shop\n").past[0].account == "My Shop"
    assert "has no name" in refused(table, account=" \t ")
