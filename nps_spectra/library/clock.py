"""The time that is written into libraries."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from nps_spectra.errors import OptionError


def utc_now() -> str:
    """The time in UTC to the second, as ISO 8601; fixed by ``SOURCE_DATE_EPOCH`` for reproducible files.

    Raises
    ------
    OptionError
        ``SOURCE_DATE_EPOCH`` is no number of seconds.

    Source: reproducible-builds.org, SOURCE_DATE_EPOCH specification.

    Examples
    --------
    >>> os.environ["SOURCE_DATE_EPOCH"] = "1704067200"
    >>> utc_now()
    '2024-01-01T00:00:00Z'
    >>> del os.environ["SOURCE_DATE_EPOCH"]
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        now = datetime.now(UTC) if fixed is None else datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise OptionError(f"SOURCE_DATE_EPOCH is {fixed!r}: expected seconds since 1970") from error
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
