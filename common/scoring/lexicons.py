"""English words and turns of phrase that hooks, psychology and calls to action are told by.

A term's text is a predicate, as evidence is: "warns of a loss". Patterns are short and without nested repeats, so
that no text makes them slow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from common.domain.judgement import HookType, Psychology


@dataclass(frozen=True, slots=True)
class Term:
    """One group of phrases: a fixed name, what it does in plain words, and how much one use of it says, 0 to 1."""

    name: str
    text: str
    worth: float
    pattern: re.Pattern[str]
    anywhere: bool = False  # told by marks and digits, in any language


def _any(phrases: str) -> re.Pattern[str]:
    """Whole words that match any of the phrases, which are parted by "; "."""
    return re.compile(r"\b(?:" + phrases.replace("; ", "|") + r")\b", re.IGNORECASE)


# Sums, shares, and numbers from 11 on that are no years.
_FIGURE: Final = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?(?:%|٪|€|£|¥|₹)"
    r"|\b(?!(?:19|20)\d\d\b)(?:1[1-9]|[2-9]\d|\d[\d,.]*\d\d)\b"
)
_OUT_OF: Final = _any(
    r"percent; (?:one|two|three|four|nine|\d+) (?:out of|in) (?:every )?(?:three|four|five|ten|\d+); "
    r"\d+ ?(?:x|times); (?:thousand|million|billion|trillion) (?:dollars|euros|pounds|bucks|tons|miles|hours)"
)
_CHANGE: Final = _any(
    r"before and after; used to; went from; from \w+ to \w+; transform(?:ed|s|ing|ation)?; "
    r"turn(?:ed|s)? (?:into|my|your); changed (?:my|your|his|her|our|their|the|every)\w*; became; "
    r"no longer; not the same; never the same"
)
_MANY: Final = _any(
    r"(?:hundreds|thousands|millions) (?:of|have|are); "
    r"(?:thousand|million|billion) (?:people|users|customers|views|followers|subscribers|downloads); "
    r"\d[\d,.]*\+? (?:people|users|customers|views|followers|subscribers|companies|teams|downloads); "
    r"every(?:one|body) (?:is|uses|loves|wants|talks|knows|has|does); "
    r"(?:most|so many|many) (?:people|customers|of us|users)"
)
_PRAISE: Final = _any(
    r"reviews?; rated; five stars?; testimonials?; recommended by; best[- ]?sell(?:er|ing); "
    r"award[- ]winning; customers? (?:say|said|love); trusted by; loved by"
)
_TREND: Final = _any(r"viral; trending; trends?; most (?:popular|watched|viewed); sold out; blew up")
_OPEN: Final = _any(
    r"secrets?; here'?s (?:why|what|how|the thing); this is (?:why|what happen\w*|how); the reason; "
    r"what happen(?:s|ed); guess what; you won'?t believe; find out; wonder(?:ed|ing|s)?; imagine; what if; "
    r"ever (?:noticed|thought)"
)
_HIDDEN: Final = _any(
    r"nobody (?:knows|tells|talks|told|noticed); no one (?:knows|tells|talks|told); little[- ]known; "
    r"hidden; myster(?:y|ies|ious); surpris(?:e|es|ed|ing|ingly); strange(?:st)?; weird(?:est)?; "
    r"unexpected(?:ly)?; it turns out; turns out; truth about; most people don'?t"
)
_LATER: Final = _any(
    r"wait (?:until|till|for it); by the end; keep watching; stay (?:till|until|to) the end; "
    r"in a (?:moment|minute|second); "
    r"(?:i'?ll|i will|let me|i'?m going to|we'?ll) (?:show|tell|explain|reveal)"
)

HOOKS: Final[Mapping[HookType, Term]] = {
    "bold_claim": Term(
        "makes_bold_claim",
        "makes a bold claim",
        0.3,
        _any(
            r"the (?:best|worst|only|biggest|greatest|most \w+) \w+; "
            r"the (?:fastest|easiest|cheapest|strongest|smartest|simplest) \w+; "
            r"(?:will|is going to|'ll) change (?:your|the|how|everything)\w*; changes everything; guarantee[ds]?; "
            r"nothing (?:else|is|beats|comes); impossible; the truth is; i (?:promise|guarantee)"
        ),
    ),
    "statistic": Term("opens_with_figure", "opens with a figure", 0.35, _OUT_OF),
    "problem": Term(
        "names_problem",
        "names a problem",
        0.35,
        _any(
            r"problems?; struggl(?:e|es|ed|ing); tired of; sick of; fed up; stuck; mistakes?; "
            r"fail(?:s|ed|ing|ure)?; wast(?:e|ed|es|ing); los(?:e|es|ing) (?:money|time|customers|sleep|your); "
            r"pain(?:ful)?; frustrat(?:ed|ing|es); broken; hate (?:when|it|that|having); annoying; "
            r"(?:doesn'?t|does not|won'?t) work; keeps? (?:breaking|failing|crashing); never seem to"
        ),
    ),
    "story": Term(
        "opens_with_scene",
        "opens in the middle of a story",
        0.35,
        re.compile(
            r"^\W*(?:so |and |then )?(?:i|we|my \w+|he|she)(?: was| were|'d| had)? "
            r"(?:was|were|had|got|lost|quit|made|spent|built|went|found|met|saw|walked|woke|came|took|bought|sold|"
            r"started|moved|sitting|standing|driving|working|told|asked|fell|ran)\b"
            r"|\b(?:last (?:year|week|night|month|summer)|years? ago|months? ago|the day (?:i|we|my)|it was \d{4})\b",
            re.IGNORECASE,
        ),
    ),
    "how_to": Term(
        "promises_how_to",
        "promises to show how",
        0.45,
        _any(
            r"how to; here'?s how; step by step; "
            r"(?:two|three|four|five|six|seven|ten|\d+) (?:\w+ )?"
            r"(?:ways?|steps?|tips?|tricks?|reasons|things|rules|hacks); "
            r"(?:let me|i'?ll|i'?m going to|we'?ll|i will) (?:show|teach|walk) you; tutorial; "
            r"the (?:easiest|fastest|simplest|right) way to"
        ),
    ),
    "before_after": Term("shows_before_and_after", "sets a before against an after", 0.4, _CHANGE),
    "social_proof": Term("names_many_others", "says how many others do", 0.4, _MANY),
    "contrarian": Term(
        "contradicts",
        "contradicts what is commonly believed",
        0.4,
        _any(
            r"unpopular opinion; hot take; myths?; lied to; a lie; "
            r"(?:is|are|was|were|you'?re|they'?re|got it) (?:all |completely |totally )?wrong; "
            r"forget (?:what|everything|about); stop \w+ing; you don'?t (?:need|have to); "
            r"(?:nobody|no one) (?:tells|talks|needs|should); contrary to; overrated; isn'?t what you think; "
            r"the opposite"
        ),
    ),
    "pattern_interrupt": Term(
        "calls_out",
        "interrupts with a call",
        0.3,
        re.compile(
            r"^\W*(?:wait|stop|hold on|watch this|look at this|listen|hey|don'?t scroll|no way|oh my \w+|whoa|wow)\b",
            re.IGNORECASE,
        ),
    ),
    "direct_address": Term(
        "calls_viewer",
        "calls on the viewer",
        0.2,
        _any(r"if you(?:'?re|'?ve)?; you (?:need|should|can|have to|are|want|must); for you; you guys"),
    ),
}
FIGURE: Final = Term("gives_figure", "gives a figure", 0.25, _FIGURE, anywhere=True)
ASKS: Final = Term("asks_question", "asks a question", 0.35, re.compile(r"[?？؟]"), anywhere=True)

PSYCHOLOGY: Final[Mapping[Psychology, tuple[Term, ...]]] = {
    "curiosity": (
        ASKS,
        Term("opens_gap", "opens a gap that wants closing", 0.4, _OPEN),
        Term("names_hidden", "names something little known", 0.4, _HIDDEN),
        Term("promises_later", "promises what is still to come", 0.35, _LATER),
    ),
    "urgency": (
        Term(
            "presses_for_time",
            "presses for time",
            0.4,
            _any(
                r"right now; hurry; limited[- ]time; deadline; last chance; before it'?s too late; too late; "
                r"ends? (?:today|tonight|soon|tomorrow|this \w+); don'?t wait; immediately; running out; "
                r"as soon as possible; today only; only today; urgent(?:ly)?; expires?"
            ),
        ),
        Term(
            "says_scarce",
            "says that it is scarce",
            0.4,
            _any(
                r"only (?:\w+ )?left; limited (?:edition|number|supply|spots|stock); while (?:supplies|stocks?) last; "
                r"almost gone; selling (?:out|fast); exclusive(?:ly)?"
            ),
        ),
        Term(
            "warns_of_loss",
            "warns of a loss",
            0.3,
            _any(
                r"warning; miss(?:ing)? out; emergency; risk(?:s|ing|y)?; danger(?:ous)?; "
                r"los(?:e|es|ing) (?:money|everything|customers|your|time); costs? you"
            ),
        ),
    ),
    "social_proof": (
        Term("names_many_others", "says how many others do", 0.45, _MANY),
        Term("quotes_praise", "quotes what others think of it", 0.4, _PRAISE),
        Term("says_spreading", "says that it is spreading", 0.35, _TREND),
    ),
    "transformation": (
        Term("tells_of_change", "tells of a change", 0.45, _CHANGE),
        Term(
            "promises_gain",
            "promises a gain",
            0.25,
            _any(
                r"improv(?:e|ed|es|ing|ement); better than; doubl(?:e|ed|es); tripl(?:e|ed|es); grow(?:s|ing|th)?; "
                r"grew; sav(?:e|ed|es|ing) (?:you |money|time|hours|\$)\w*; faster; lost \w+ (?:pounds|kilos|weight); "
                r"learn(?:ed)? (?:how )?to; results?"
            ),
        ),
        Term(
            "says_how_soon",
            "says how soon it works",
            0.3,
            _any(r"in (?:just |only |under )?(?:an?|one|two|three|\d+) (?:minutes?|hours?|days?|weeks?|months?)"),
        ),
    ),
    "authority": (
        Term(
            "names_credential",
            "names a credential",
            0.4,
            _any(
                r"doctors?; dr; professors?; ph\.?d; experts?; scientists?; ceo; founders?; engineers?; "
                r"years of experience; certified; official(?:ly)?; president; "
                r"for (?:over |more than )?(?:ten|twenty|thirty|\d+) years"
            ),
        ),
        Term(
            "cites_research",
            "cites research",
            0.4,
            _any(
                r"stud(?:y|ies); research(?:ers?)?; the data; data (?:shows?|says); according to; university; "
                r"(?:scientifically |clinically )?proven; evidence; experiments?; published; measured"
            ),
        ),
        FIGURE,
    ),
}

CALL_TO_ACTION: Final = _any(
    r"subscribe; follow (?:me|us|for|along|the); link (?:in|is in|below); "
    r"(?:click|tap) (?:the|on|here|below|that); swipe up; sign up; try (?:it|this|for free|out|now); "
    r"(?:buy|order|shop|book|call|get it|get yours|start|join|download|install|apply|register|donate) "
    r"(?:now|today|it|yours|here|us|at|free|your|the app); "
    r"get (?:yours|started|the app|your); learn more; find out more; check (?:it|us|this|them) out; "
    r"visit (?:us|our|the); (?:leave a |drop a )?comments? (?:below|down); "
    r"(?:like|share) (?:and|this|it with); let (?:me|us) know; save this; www\.\w+; \w+\.com"
)
