"""Owns what differs between the environments, as one table. It must never read the CDK context itself."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_logs as logs


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes and patience of one environment. All times are whole seconds."""

    name: str
    tasks: int
    minimum_healthy_percent: int
    check_interval: int
    check_timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    grace_period: int
    deregistration_delay: int
    stop_timeout: int
    log_retention: logs.RetentionDays


# dev trades a short gap in service for a short rollout: the old task may go before the new one answers. prod never
# serves with less than its full count, and lets running downloads finish before a task is stopped.
PROFILES = (
    Profile(
        name="dev",
        tasks=1,
        minimum_healthy_percent=0,
        check_interval=5,
        check_timeout=2,
        healthy_threshold=2,
        unhealthy_threshold=2,
        grace_period=30,
        deregistration_delay=5,
        stop_timeout=5,
        log_retention=logs.RetentionDays.ONE_WEEK,
    ),
    Profile(
        name="prod",
        tasks=2,
        minimum_healthy_percent=100,
        check_interval=10,
        check_timeout=5,
        healthy_threshold=2,
        unhealthy_threshold=3,
        grace_period=60,
        deregistration_delay=30,
        stop_timeout=30,
        log_retention=logs.RetentionDays.THREE_MONTHS,
    ),
)


def get_profile(name: object) -> Profile:
    """The profile called `name`; ValueError naming the choices otherwise."""
    for profile in PROFILES:
        if profile.name == name:
            return profile
    choices = ", ".join(profile.name for profile in PROFILES)
    raise ValueError(f"environment {name!r} is not known; choose one of: {choices} (cdk -c environment=dev)")
