"""How a kind of run went, in one word of blocks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.report.metrics import Figures

_BLOCKS = "▁▂▃▄▅▆▇█"
_MOST = 12  # periods


def trends(found: Figures) -> dict[str, str]:
    """By kind, the medians of the last periods; none where there is but one period to show."""
    periods = found.periods[-_MOST:]
    if len(periods) < 2:  # noqa: PLR2004 -- one is no trend
        return {}
    medians = [{kind.kind: kind.p50 for kind in period.kinds} for period in periods]
    return {kind.kind: sparkline([of.get(kind.kind) for of in medians]) for kind in found.kinds}


def sparkline(values: Sequence[float | None]) -> str:
    """A block for each value, the highest for the greatest; a gap for None."""
    most = max((value for value in values if value is not None), default=0.0)
    return "".join(" " if value is None else _block(value, most) for value in values).rstrip()


def _block(value: float, most: float) -> str:
    share = min(max(value / most, 0.0), 1.0) if most > 0 else 0.0
    return _BLOCKS[round(share * (len(_BLOCKS) - 1))]
