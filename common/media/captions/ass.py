"""Advanced SubStation Alpha as libass reads it: script, events, and text that can be nothing but text."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from common.media.captions.text import visible

_STYLE = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline,"
    " StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV,"
    " Encoding"
)
_WORD_JOINER = "\u2060"  # of no width; after a backslash it keeps libass from seeing \N, \n or \h


def literal(text: str) -> str:
    """`text` so that libass shows it as it is: no override, no drawing, no line break, no control character."""
    text = visible(text).encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be written
    return text.replace("\\", "\\" + _WORD_JOINER).replace("{", "\\{").replace("}", "\\}")


def style(
    name: str,
    *,
    font: str,
    bold: bool,
    size: float,
    fill: str,
    edge: str,
    shade: str,
    outline: float,
    shadow: float,
    alignment: int = 5,
    margin: int = 0,
) -> str:
    """A row of the styles. `size`, `outline`, `shadow` and `margin` in pixels, colours as `&HAABBGGRR`.

    The encoding -1 lets each line find its own direction.
    """
    font = font.replace(",", " ")
    return (
        f"Style: {name},{font},{size:.2f},{fill},{fill},{edge},{shade},{-int(bold)},0,0,0,100,100,0,0,1,"
        f"{outline:.2f},{shadow:.2f},{alignment},{margin},{margin},{margin},-1"
    )


def dialogue(layer: int, start: int, end: int, style: str, text: str) -> str:
    """An event; `start` and `end` in hundredths of a second, `text` with its overrides."""
    return f"Dialogue: {layer},{_clock(start)},{_clock(end)},{style},,0,0,0,,{text}"


def script(width: int, height: int, styles: Iterable[str], events: Iterable[str]) -> str:
    """A whole file for a frame of `width` x `height` pixels. Lines break only where they are told to."""
    head = (
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
        f"LayoutResX: {width}",
        f"LayoutResY: {height}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "Kerning: yes",
        "YCbCr Matrix: None",
    )
    rows = [*head, "", "[V4+ Styles]", f"Format: {_STYLE}", *styles, "", "[Events]"]
    rows.append("Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text")
    return "\n".join([*rows, *events, ""])


def hundredths(seconds: Fraction) -> int:
    """The time in ASS's own unit, to the nearest."""
    return round(seconds * 100)


def _clock(hundredth: int) -> str:
    seconds, part = divmod(hundredth, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:02}"


def colour(rgb: str, opacity: float = 1.0) -> str:
    """`&HAABBGGRR` of `RRGGBB` and an opacity from 0 to 1."""
    return f"&H{round((1 - opacity) * 255):02X}{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}".upper()
