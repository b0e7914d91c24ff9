"""Where a rollout's time went + how the service is set → which settings would make it faster. Pure.

Rules: a new target needs a single passing check, so the interval bounds the wait; a deregistered target is kept for
the whole delay; a task gets its stop timeout between SIGTERM and SIGKILL (ECS's and ELB's own documentation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.rollout.spans import TAKE_OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rajee_deploy.rollout import RolloutSettings
    from rajee_deploy.rollout.spans import Span

_SHORT = 15.0  # seconds of a phase that are not worth a word
_QUICK_INTERVAL = 10
_QUICK_DELAY = 30
_SLOW_START = 60.0
_WHOLE = 100


def advice(phases: Iterable[Span], settings: RolloutSettings) -> tuple[str, ...]:
    """One sentence for each setting that would have made these phases shorter, with what it could save."""
    return tuple(text for span in phases if span.seconds > _SHORT for text in _for_phase(span, settings))


def _for_phase(span: Span, settings: RolloutSettings) -> Iterator[str]:
    match span.name:
        case "start tasks":
            if span.seconds > _SLOW_START:
                yield "tasks start slowly: a smaller image is pulled faster, since Fargate keeps none"
            if settings.maximum_percent is not None and settings.maximum_percent <= _WHOLE:
                yield (
                    f"maximumPercent is {settings.maximum_percent}: ECS stops a task before it starts the next; "
                    "200 starts them at once"
                )
        case "health checks":
            interval = settings.health_check_interval
            if interval is not None and interval > _QUICK_INTERVAL:
                saved = min(interval - 5, round(span.seconds))
                yield (
                    f"the target group checks every {interval} s, and a new target needs one passing check: "
                    f"an interval of 5 s saves up to {saved} s"
                )
        case "draining":
            delay = settings.deregistration_delay
            if delay is not None and delay > _QUICK_DELAY:
                saved = min(delay - _QUICK_DELAY, round(span.seconds))
                yield (
                    f"deregistration_delay.timeout_seconds is {delay}: {_QUICK_DELAY} saves up to {saved} s, "
                    "where no request takes longer"
                )
            timeout = settings.stop_timeout
            if timeout is not None and timeout > _QUICK_DELAY:
                yield f"stopTimeout is {timeout} s: a process that exits on SIGTERM needs less"
        case name if name == TAKE_OVER and span.seconds > _SLOW_START:
            yield "Lambda takes the image over slowly: it copies all of a new image, so a smaller one is sooner there"
        case _:
            return
