"""Where values come to lie in a chart, and the lines and words at its edges. Pure: sizes in units of the viewBox."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.markup import Markup, element, join, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, HEIGHT = 400.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 392.0, 12.0, 176.0

_SECONDS = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36000.0, 360000.0, 1e7, 1e9)
_WORDS = ("10ms", "100ms", "1s", "10s", "1m", "10m", "1h", "10h", "100h", "116d", "32y")


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to heights: `place` of a value, and the ticks worth a line, each with its words."""

    place: Callable[[float], float]
    ticks: tuple[tuple[float, str], ...]


def logarithmic(values: Sequence[float]) -> Scale:
    """Durations of some milliseconds beside some of an hour; whatever is below the least tick lies on it."""
    least, most = min(values, default=1.0), max(values, default=1.0)
    low = max((place for place, tick in enumerate(_SECONDS) if tick <= least), default=0)
    high = min((place for place, tick in enumerate(_SECONDS) if tick >= most), default=len(_SECONDS) - 1)
    low, high = (low, high) if low < high else ((low, low + 1) if low + 1 < len(_SECONDS) else (low - 1, low))
    bottom, top = math.log(_SECONDS[low]), math.log(_SECONDS[high])

    def place(value: float) -> float:
        share = (math.log(min(max(value, _SECONDS[low]), _SECONDS[high])) - bottom) / (top - bottom)
        return BOTTOM - share * (BOTTOM - TOP)

    return Scale(place, tuple(zip(_SECONDS[low : high + 1], _WORDS[low : high + 1], strict=True)))


def linear(most: float, words: Callable[[float], str], unit: float = 1.0) -> Scale:
    """From nothing to a number above `most`, in a few steps that are round in the unit."""
    most = max(most, 1e-3)
    step = _round_step(most / unit / 4) * unit
    count = math.ceil(most / step - 1e-9)

    def place(value: float) -> float:
        return BOTTOM - min(max(value, 0.0) / (count * step), 1.0) * (BOTTOM - TOP)

    return Scale(place, tuple((number * step, words(number * step)) for number in range(count + 1)))


def _round_step(least: float) -> float:
    """The next of 1, 2, 5 and 10 by powers of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= least), power * 10)


def grid(scale: Scale) -> Markup:
    """A line and its words for each tick."""
    return join(
        *(
            join(
                element("line", class_="grid", x1=LEFT, x2=RIGHT, y1=scale.place(tick), y2=scale.place(tick)),
                element("text", text(words), x=LEFT - 5, y=scale.place(tick) + 3.5, text_anchor="end"),
            )
            for tick, words in scale.ticks
        )
    )


def ends(first: str, last: str) -> Markup:
    """The words below: where the chart begins and ends."""
    y = BOTTOM + 16
    begin = element("text", text(first), x=LEFT, y=y)
    return begin if first == last else join(begin, element("text", text(last), x=RIGHT, y=y, text_anchor="end"))


def goal(y: float, words: str) -> Markup:
    """A line that values are to stay below."""
    return join(
        element("line", class_="goal", x1=LEFT, x2=RIGHT, y1=y, y2=y),
        element("text", text(words), class_="goal", x=RIGHT, y=y - 3, text_anchor="end"),
    )


def picture(label: str, *parts: Markup) -> Markup:
    """A chart: what it shows is said to those who cannot see it."""
    return element("svg", *parts, class_="chart", viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", role="img", aria_label=label)
