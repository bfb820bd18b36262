"""What the engine may say: every message is checked as a whole before anything is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .wire import Message, ProtocolError

#: Tells whether a value is what it should be; raises `ProtocolError` with its place where not.
_Check = Callable[[Any, str], None]


def job_of(message: Message) -> Message:
    """A job, checked.

    Raises:
        ProtocolError: it is none.
    """
    try:
        _JOB(message, "job")
    except RecursionError:
        _refuse("job.segments", "a few sessions beside each other")
    roles = [segment["role"] for segment in message["segments"]]
    if roles.count("main") != 1 or roles[-1] != "main":
        _refuse("job.segments", "one main segment at the end")
    return message


def modules_of(message: Message) -> list[str]:
    """Of ``preimport``.

    Raises:
        ProtocolError: they are no list of names.
    """
    _PREIMPORT(message, "preimport")
    return list(message["modules"])


def job_name_of(message: Message) -> str:
    """Of ``fork``.

    Raises:
        ProtocolError: there is none.
    """
    _FORK(message, "fork")
    return str(message["job"])


def sources_of(message: Message) -> tuple[int, list[str]]:
    """Number of the request and the sources, of ``analyse``.

    Raises:
        ProtocolError: they are not there.
    """
    _ANALYSE(message, "analyse")
    return message["request"], list(message["sources"])


def _refuse(place: str, wanted: str) -> NoReturn:
    raise ProtocolError(f"{place} is not {wanted}")


def _text(value: Any, place: str) -> None:
    if not isinstance(value, str):
        _refuse(place, "a text")


def _flag(value: Any, place: str) -> None:
    if not isinstance(value, bool):
        _refuse(place, "true or false")


def _number(value: Any, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(place, "a number")


def _count(value: Any, place: str) -> None:
    # the engine writes those from 2^32 on as floating point, exactly
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53 or value % 1:
        _refuse(place, "a whole number from 0")


def _anything(_value: Any, _place: str) -> None:
    return


def _one_of(*words: str) -> _Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or value not in words:
            _refuse(place, f"one of {', '.join(words)}")

    return check


def _or_none(of: _Check) -> _Check:
    def check(value: Any, place: str) -> None:
        if value is not None:
            of(value, place)

    return check


def _list(of: _Check, least: int = 0) -> _Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            _refuse(place, "a list" if least == 0 else "a list with something in it")
        for number, item in enumerate(value):
            of(item, f"{place}[{number}]")

    return check


def _map(of: _Check) -> _Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            _refuse(place, "a map of names")
        for key, item in value.items():
            of(item, f"{place}.{key[:40]}")

    return check


def _record(**fields: _Check) -> _Check:
    """A map with at least these fields."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict):
            _refuse(place, "a map")
        _check_fields(value, place, fields)

    return check


def _check_fields(value: Mapping[Any, Any], place: str, fields: Mapping[str, _Check]) -> None:
    for name, check in fields.items():
        if name not in value:
            _refuse(f"{place}.{name}", "there")
        check(value[name], f"{place}.{name}")


def _filter(value: Any, place: str) -> None:
    (_text if isinstance(value, str) else _NAMES)(value, place)


def _session(value: Any, place: str) -> None:
    _SESSION(value, place)


_NAMES = _list(_text)
_BINDING = _map(_NAMES)
_CELL = _record(ordinal=_number, id=_text, place=_number, source=_text, raises=_flag)
_EXTENT = _record(path=_text, offset=_count, size=_count)
_INPUT = _record(head=_text, buffers=_list(_EXTENT), lineTables=_or_none(_text), names=_NAMES, bind=_BINDING)
_SETTING = _record(uid=_text, cwd=_text, seed=_or_none(_text), ambient=_map(_text))


def _segment(*roles: str) -> _Check:
    return _record(
        role=_one_of(*roles),
        block=_text,
        notebook=_text,
        cells=_list(_CELL),
        inputs=_list(_INPUT),
        live=_list(_session),
        setting=_or_none(_SETTING),
    )


_SESSION = _record(segments=_list(_segment("replay"), least=1), bind=_BINDING)
_JOB = _record(
    type=_one_of("execute"),
    job=_text,
    block=_text,
    uid=_text,
    project=_text,
    cwd=_text,
    segments=_list(_segment("prelude", "replay", "main"), least=1),
    parameters=_map(_anything),
    ambient=_map(_text),
    seed=_or_none(_text),
    keep=_record(filter=_filter, wanted=_or_none(_NAMES), smallBytes=_number),
    objects=_text,
    early=_map(_text),
    scratch=_text,
    outputs=_NAMES,
    hints=_map(_text),
    hold=_flag,
)
_PREIMPORT = _record(modules=_NAMES)
_FORK = _record(job=_text)
_ANALYSE = _record(request=_number, sources=_NAMES)
