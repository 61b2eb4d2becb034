"""What the columns of a table of past campaigns are called, and which of them is taken for what.

The names are those of Meta Ads Manager's export in six languages, of Google's and TikTok's in English, of the public
table KAG_conversion_data.csv, and our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.errors import BadInput
from common.learning.tables import plain

# By what they mean; of several that mean the same the first named here is taken.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        *("ad id", "anzeigen id", "id der anzeige", "identifiant de la publicité", "id de la publicité"),
        *("identificador del anuncio", "id del anuncio", "id inserzione", "id dell'inserzione", "id do anúncio"),
        *("advertentie id", "creative id", "creative", "id"),
    ),
    "name": (
        *("ad name", "name der anzeige", "anzeigenname", "nom de la publicité", "nombre del anuncio"),
        *("nome dell'inserzione", "nome inserzione", "nome do anúncio", "advertentienaam", "ad", "name"),
    ),
    "title": ("title", "headline", "ad headline", "überschrift", "titel", "titre", "título", "titolo"),
    "account": (
        *("account name", "kontoname", "name des kontos", "nom du compte", "nombre de la cuenta", "nome account"),
        *("nome da conta", "accountnaam", "account", "channel"),
    ),
    "account id": (
        *("account id", "konto id", "id des kontos", "identifiant du compte", "id du compte"),
        *("identificador de la cuenta", "id de la cuenta", "id account", "id dell'account", "id da conta"),
    ),
    "network": ("network", "netzwerk"),
    "campaign": (
        *("campaign id", "kampagnen id", "fb campaign id", "campaign name", "kampagnenname", "nom de la campagne"),
        *("nombre de la campaña", "nome campagna", "nome della campagna", "nome da campanha", "campaign"),
    ),
    "set": (
        *("ad set id", "anzeigengruppen id", "ad set name", "anzeigengruppenname", "name der anzeigengruppe"),
        *("nom de l'ensemble de publicités", "nombre del conjunto de anuncios", "nome gruppo inserzioni"),
        *("nome do conjunto de anúncios", "ad group", "ad group name", "ad group id"),
    ),
    "day": ("day", "tag", "jour", "día", "dia", "giorno", "dag", "date", "datum", "launched", "published"),
    "start": (
        *("reporting starts", "berichtsbeginn", "auswertungsbeginn", "beginn der auswertung", "début des rapports"),
        *("inicio del informe", "inizio report", "inizio dei report", "início dos relatórios", "begin rapportage"),
    ),
    "end": (
        *("reporting ends", "berichtsende", "auswertungsende", "ende der auswertung", "fin des rapports"),
        *("fin del informe", "fine report", "fine dei report", "término dos relatórios", "fim dos relatórios"),
        "einde rapportage",
    ),
    "impressions": (
        *("impressions", "impressionen", "impresiones", "impressioni", "impressões", "weergaven", "impr.", "impr"),
    ),
    "clicks": (
        *("link clicks", "link klicks", "linkklicks", "clics sur un lien", "clics en el enlace", "clic sul link"),
        *("cliques no link", "klikken op link", "clicks", "klicks", "clics", "clic", "cliques", "clicks (all)"),
        *("klicks (alle)", "clics (tous)", "clics (todos)", "clic (tutti)", "cliques (todos)", "clicks (destination)"),
    ),
    "spend": (
        *("amount spent", "ausgegebener betrag", "betrag", "montant dépensé", "importe gastado", "importo speso"),
        *("valor usado", "valor gasto", "besteed bedrag", "spend", "spent", "cost", "kosten"),
    ),
    "currency": ("currency", "währung", "devise", "moneda", "divisa", "valuta", "moeda", "currency code"),
    "conversions": (
        *("results", "ergebnisse", "résultats", "resultados", "risultati", "resultaten", "conversions"),
        *("approved conversion", "total conversion"),
    ),
    "age": ("age", "alter", "âge", "edad", "età", "idade", "leeftijd"),
    "gender": ("gender", "geschlecht", "genre", "sexe", "sexo", "género", "genere", "sesso", "gênero", "geslacht"),
    "interest": ("interest", "interests", "interesse", "interessen"),
    "placement": ("placement", "platzierung", "placements", "emplacement", "ubicación", "posizionamento"),
    "platform": ("platform", "plattform", "plateforme", "plataforma", "piattaforma", "publisher platform"),
    "country": ("country", "land", "pays", "país", "paese"),
    "region": ("region", "région", "región", "regione", "região"),
    "device": ("impression device", "device", "device platform", "gerät", "appareil", "dispositivo"),
}
EVERY: Final = (  # clicks on anything: the name, a reaction, more
    *("clicks (all)", "klicks (alle)", "clics (tous)", "clics (todos)", "clic (tutti)", "cliques (todos)", "clicks"),
    *("klicks", "clics", "clic", "cliques"),
)
_WORTH: Final = re.compile(r"(.+?)\s*\(([A-Za-z]{3})\)")
_MEANINGS: Final = {name: (meaning, n) for meaning, names in NAMES.items() for n, name in enumerate(names)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as its head names it, and what it was taken for; `why` says what is good to know of that."""

    name: str
    meaning: str | None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """All columns in their order, where those are that have a meaning, and the currency that a head names."""

    told: tuple[Column, ...]
    at: Mapping[str, int]
    currency: str | None


def is_head(fields: Sequence[str]) -> bool:
    """Whether a line names what a model of clicks learns from."""
    meanings = {_meaning(one)[0] for one in fields}
    return {"impressions", "clicks"} <= meanings


def mapped(head: Sequence[str]) -> Columns:
    """Which column is what. Raises BadInput where one is missing without which nothing can be learned."""
    found: dict[str, tuple[int, int]] = {}  # meaning -> rank, position
    for position, name in enumerate(head):
        meaning, rank, _ = _meaning(name)
        if meaning is not None and (meaning not in found or rank < found[meaning][0]):
            found[meaning] = (rank, position)
    if "account id" in found:
        found.setdefault("account", found["account id"])
    _enough(head, found)
    names = [plain(one) for one in head]
    for meaning, (_, position) in found.items():
        if names.count(names[position]) > 1:
            raise BadInput(f"the column {head[position][:80]!r} is there twice ({meaning}); keep one of them")
    at = {meaning: position for meaning, (_, position) in found.items()}
    told = [_told(name, n, at, head) for n, name in enumerate(head)]
    return Columns(told=tuple(told), at=at, currency=_currency(head, at))


def _meaning(name: str) -> tuple[str | None, int, str | None]:
    """What a name means, its rank among those that mean the same, and the currency it names."""
    folded = plain(name)
    if folded in _MEANINGS:
        return (*_MEANINGS[folded], None)
    worth = _WORTH.fullmatch(folded)
    if worth is not None and _MEANINGS.get(worth[1], ("", 0))[0] == "spend":
        return (*_MEANINGS[worth[1]], worth[2].upper())
    return None, 0, None


def _enough(head: Sequence[str], found: Mapping[str, object]) -> None:
    for meaning in ("impressions", "clicks"):
        if meaning in found:
            continue
        seen = {plain(one) for one in head}
        views = "views" in seen or "aufrufe" in seen
        hint = (
            " Views say who watched, not who was shown it and clicked: nothing about clicks can be learned from them."
        )
        raise BadInput(
            f"no column tells {meaning}; there are {', '.join(one[:40] for one in head[:12])}."
            f"{hint if views else ''} Export impressions and clicks of each ad, as Meta Ads Manager does: "
            "docs/learning.md names the columns"
        )
    if not {"id", "name", "title"} & set(found):
        raise BadInput("no column says which ad a row is of; add one called Ad ID, or Ad name")
    if not {"day", "start"} & set(found):
        raise BadInput(
            "no column says when it ran; add one called Day, or Reporting starts, with dates like 2026-03-31"
        )


def _told(name: str, position: int, at: Mapping[str, int], head: Sequence[str]) -> Column:
    meaning, _, _ = _meaning(name)
    if meaning is None:
        return Column(name=name, meaning=None, why="not known, so ignored")
    if at[meaning] != position:
        return Column(name=name, meaning=None, why=f"ignored: {head[at[meaning]][:80]!r} is taken for {meaning}")
    if meaning == "clicks" and plain(name) in EVERY:
        return Column(name=name, meaning=meaning, why="counts clicks on anything of it; Link clicks would tell more")
    return Column(name=name, meaning=meaning)


def _currency(head: Sequence[str], at: Mapping[str, int]) -> str | None:
    named = {currency for one in head if (currency := _meaning(one)[2]) is not None}
    if len(named) > 1:
        raise BadInput(f"money is told in {' and '.join(sorted(named))}; export it in one currency")
    return _meaning(head[at["spend"]])[2] if "spend" in at else None
