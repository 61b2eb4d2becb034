"""Which ads of a table Cutroom ran itself: by ids where there are any, else by names, and never by a guess."""

from __future__ import annotations

import pytest

from common.domain.campaign import keyed
from common.learning.own import Named, Own

OURS, OTHER = "c" * 16, "d" * 16
NAME = f"Tea [cutroom:{OURS}]"
COPY = f"{NAME} – Copy"
OWN = Own([(OURS, {"video": "1", "campaign": "20", "adset": "30", "creative": "40", "ad": "50"}), (OTHER, {})])


@pytest.mark.parametrize(
    ("named", "whose"),
    [
        (Named(id="50"), "ours"),
        (Named(id="50", name="renamed", campaign="renamed too", set="and this"), "ours"),
        (Named(id="40"), "ours"),  # by its creative
        (Named(id="20"), "another's"),  # an ad is no campaign, whatever its number
        (Named(id="1"), "another's"),
        (Named(id="51", campaign="20"), "ours"),  # whatever runs in it is counted of it
        (Named(id="51", set="30"), "ours"),
        (Named(id="51", campaign=NAME), "ours"),
        (Named(id="51", campaign=COPY, set=NAME), "ours"),
        (Named(id="51", name=NAME), "doubtful"),
        (Named(id="51", name=COPY), "doubtful"),
        (Named(id="51", name=NAME, campaign="21"), "another's"),
        (Named(id="51", name=NAME, campaign=COPY), "another's"),
        (Named(id="51", name=NAME, campaign="Summer"), "doubtful"),  # ours by another name, or another
        (Named(name=NAME), "ours"),
        (Named(name=f"Coffee, once tea [cutroom:{OURS}] "), "ours"),
        (Named(name=NAME, campaign=NAME, set=NAME), "ours"),
        (Named(name=COPY), "doubtful"),
        (Named(name=NAME, campaign=COPY), "another's"),
        (Named(name="Tea"), "another's"),
        (Named(name=f"Tea [cutroom:{'e' * 16}]"), "another's"),  # of another organisation, or erased
        (Named(name="[cutroom:" + "c" * 15), "another's"),
        (Named(), "another's"),
    ],
)
def test_an_ad_is_ours_by_what_a_table_tells_of_it(named: Named, whose: str) -> None:
    told, key = OWN.whose(named)
    assert (told, key) == (whose, None if whose == "another's" else OURS)


def test_of_nothing_nothing_is_ours_and_a_hostile_name_is_none() -> None:
    assert Own([]).whose(Named(id="50", name=NAME))[0] == "another's"
    assert keyed("[cutroom:" * 300) == (None, "") and keyed(f"{NAME}{'x' * 9000}")[0] == OURS
