"""How long a server wants us to wait: "retry-after-ms", or "retry-after" as seconds or as a date of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; 0 where nothing is asked for, the time is past, or it is neither a number nor a date."""
    asked = _number(headers.get("retry-after-ms"), 1000) or _number(headers.get("retry-after"))
    if asked is None:
        then, now = _moment(headers.get("retry-after")), _moment(headers.get("date")) or datetime.now(UTC)
        asked = (then - now).total_seconds() if then else 0.0
    return asked if asked > 0 else 0.0


def _number(text: str | None, unit: float = 1) -> float | None:
    try:
        return float(text or "") / unit
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        told = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
