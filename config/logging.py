"""Sets up the log: one JSON object a line, or colours for a person at a terminal.

Our lines come through structlog; those of libraries come through the standard library's logging,
from warning upwards, and are printed alike.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo, Processor

from config.settings import LogSettings
from transfer.visible import visible

LONGEST = 16_384
"""Characters of one value; what is longer is cut."""
DEEPEST = 8
"""Levels of nested lists and mappings; what is deeper is printed as text."""
LIBRARIES = ("apscheduler", "botocore", "boto3", "paramiko", "urllib3", "werkzeug")


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines to a stream; one that cannot be written never stops the work."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        # The inherited one prints the record's arguments, unformatted and unescaped.
        pass


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream`; None is standard error. Can be repeated."""
    handler = Lines(stream or sys.stderr)
    handler.setFormatter(_formatter(settings, handler.stream))
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, Lines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    for name in ("", *LIBRARIES):
        # werkzeug sets itself to info unless somebody has set it before.
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # It warns of every second try; whoever asked reports, once, what came of it.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    _house(level)


def report_strays() -> None:
    """Log warnings, and errors that nobody caught in any thread, instead of bare tracebacks."""

    def report(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        log = structlog.get_logger()
        log.critical("Nobody caught this error.", exc_info=(kind, error, at))

    def report_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            report(args.exc_type, args.exc_value, args.exc_traceback)

    logging.captureWarnings(True)
    sys.excepthook = report
    threading.excepthook = report_thread


def _house(level: int) -> None:
    logging.getLogger("fileferry").setLevel(level)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: logging.getLogger("fileferry"),
        cache_logger_on_first_use=False,
    )


def _formatter(settings: LogSettings, stream: TextIO) -> logging.Formatter:
    terminal = stream.isatty()
    console = settings.format == "console" or (settings.format == "auto" and terminal)
    colours = terminal and not os.environ.get("NO_COLOR")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars, _add_library],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _renamed,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_console(colours=colours) if console else _json()),
        ],
    )


def _json() -> tuple[Processor, ...]:
    frames = structlog.processors.ExceptionRenderer(
        ExceptionDictTransformer(show_locals=False, use_rich=False)
    )
    # JSON escapes every control character by itself, line separators included.
    return frames, _tamed_for_json, structlog.processors.JSONRenderer(ensure_ascii=True)


def _console(*, colours: bool) -> tuple[Processor, ...]:
    trace = structlog.processors.ExceptionRenderer(_indented_traceback)
    return (
        trace,
        _tamed_for_console,
        structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        ),
    )


def _add_library(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record = cast("logging.LogRecord", event["_record"])
    return {**event, "logger": record.name}


def _renamed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    # The console prints these two on lines of their own, so only a real traceback may bear them.
    return {f"{key}_" if key in ("exception", "stack") else key: event[key] for key in event}


def _tamed_for_json(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return cast("EventDict", plain(event))


def _tamed_for_console(_logger: Any, _method: str, event: EventDict) -> EventDict:
    trace = event.pop("exception", None)
    tame = {visible(str(key)): _visible_values(value) for key, value in event.items()}
    # Each of its lines has been tamed already; only its own line breaks are left.
    return {**tame, "exception": trace} if trace else tame


def _visible_values(value: Any) -> Any:
    tame = plain(value)
    return tame if tame is None or isinstance(tame, bool | int | float) else visible(str(tame))


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON knows it, so that every line can be printed."""
    whole = type(value) is str and len(value) <= LONGEST
    if whole or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # Python refuses to print an integer of more than 4,300 digits.
        return int(value) if value.bit_length() < 64 else _text(value)  # noqa: PLR2004
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {_text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [plain(item, depth + 1) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001 - a broken value never breaks the work
        text = f"<{type(value).__name__} that cannot be printed: {type(error).__name__}>"
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text)} characters)"


def _indented_traceback(exc_info: ExcInfo) -> str:
    lines = "".join(traceback.format_exception(*exc_info)).splitlines()
    return "\n".join(f"    {visible(line)}" for line in lines)
