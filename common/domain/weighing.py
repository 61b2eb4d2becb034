"""How long a text is to X: an address counts 23 whatever its length, most scripts 1 a character, others and emoji 2.

By X's own configuration (twitter-text, version 3). Where it cannot be told for certain what X takes for an address or
for one emoji, the longer is counted, so that what fits here fits there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST: Final = 280
ADDRESS: Final = 23
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that count 1

# X makes links of bare names too: of those that end in a generic domain, and of those that end in a country's where
# more than one name stands before it or a path follows.
_GENERIC: Final = (
    "com net org info biz co tv app dev edu gov int mil mobi name pro shop store xyz online site blog news link club "
    "page live media studio tech video world agency art cafe design digital email events fun group life ltd network "
    "one photo photos pub run social space team today tools top tube vip watch website wiki work zone"
)
_COUNTRIES: Final = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc
    cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga
    gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo
    jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr
    ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re
    ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to
    tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\."
_PATH: Final = r"/(?:[!-~]*[a-z0-9/=&#_-])?"
_ADDRESS: Final = re.compile(
    rf"https?://[!-~]*[a-z0-9/=&#_-]|(?<![\w@.#$-])(?:(?:{_LABEL})+(?:{'|'.join(_GENERIC.split())})(?![\w-]|\.\w)(?:{_PATH})?"
    rf"|(?:{_LABEL})+(?:{'|'.join(_COUNTRIES.split())}){_PATH}"
    rf"|(?:{_LABEL}){{2,}}(?:{'|'.join(_COUNTRIES.split())})(?![\w-]|\.\w))",
    re.IGNORECASE | re.ASCII,
)


def addresses(text: str) -> list[str]:
    """What X takes for addresses in it."""
    return _ADDRESS.findall(text)


def weight(text: str) -> int:
    """Any text has one."""
    told = unicodedata.normalize("NFC", text)
    bare = [one for one in addresses(told) if "://" not in one.lower()]
    return (
        _plain(_ADDRESS.sub("", told))
        + ADDRESS * (len(addresses(told)) - len(bare))
        + sum(max(ADDRESS, len(one)) for one in bare)
    )


def _plain(text: str) -> int:
    return sum(1 if any(low <= ord(one) <= high for low, high in _LIGHT) else 2 for one in text)
