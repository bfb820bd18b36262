"""Components to bytes and back: the stored form of values, and restoring it into a session."""

from __future__ import annotations

import io
import marshal
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypedDict

from .blobs import BlobRef, BlobWriter, BufferRef
from .describe import remedy, summary, type_name, why_unstorable
from .files import Extent, FilePath, extents, has_content, is_stored, open_buffer, open_stored, same_buffers
from .mappings import PrivateMapping
from .ordering import CANONICAL_BYTES, canonical_head, may_hold_sets
from .pickler import Pickled, Scope, pickled
from .reach import Walk
from .rebuild import LineTable, Loader, Rebuilder
from .sources import remember_sources, sources_of

#: A value whose pickle still changes after so many round trips is stored as it is then.
_ROUND_TRIPS = 4
#: Longer heads of several names are not pickled a second time just to tell the names' sizes apart.
_MEASURED_BYTES = 8 * 1024 * 1024


class VariableFacts(TypedDict):
    """As in the worker's messages."""

    name: str
    type: str
    bytes: int
    summary: str


class StoredComponent(TypedDict):
    """As in the worker's messages."""

    names: list[str]
    head: BlobRef
    buffers: list[BufferRef]
    lineTables: BlobRef | None
    variables: list[VariableFacts]
    reaches: list[str]
    hidden: list[str]


@dataclass(frozen=True)
class Unstorable:
    """A variable that can not be stored: its type, why, and what the user can do."""

    name: str
    type: str
    why: str
    remedy: str


@dataclass
class Restored:
    """A component as it was loaded into a session.

    Attributes:
        head, line_tables: paths of the stored blobs.
        buffers: where they are stored.
        names: all names stored in it.
        bind: stored name → names it got in the session; a stored name that is not here was not bound.
        values: stored name → the loaded object.
        submodules: package → submodules imported on restoring it.
        mappings: how each buffer's file is mapped; empty: not known.
    """

    head: FilePath
    buffers: Sequence[Extent]
    line_tables: FilePath | None
    names: Sequence[str]
    bind: Mapping[str, Sequence[str]]
    values: dict[str, object]
    submodules: dict[str, list[str]]
    mappings: Sequence[PrivateMapping | None] = ()


class GoneError(Exception):
    """Values that a block was given went away from the store while it ran."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{', '.join(names)} went away from the store while the block ran: run it again")


class RestoreError(Exception):
    """A stored component could not be loaded; the message names its variables and the reason."""


def load_component(
    head: bytes | FilePath,
    buffers: Sequence[Extent],
    line_tables: bytes | FilePath | None,
    namespace: dict[str, object],
) -> dict[str, object]:
    """Load one component. Binds nothing; functions and classes live in `namespace`.

    Args:
        head: the pickle, or its path. Its origin must have been checked.
        buffers: where its buffers are; mapped privately, so values are writable and files stay as they are.
        line_tables: positions for tracebacks, or their path; without them functions work the same.
        namespace: globals of the session.

    Returns:
        Stored name → value.
    """
    return _load(head, buffers, line_tables, namespace).values


def restore(inputs: Iterable[Mapping[str, Any]], namespace: dict[str, object]) -> list[Restored]:
    """Load and bind components given as ``JobInput`` messages.

    A component whose loading calls a function that another one brings is tried again after the others.

    Raises:
        RestoreError: one can not be loaded.
    """
    waiting = list(inputs)
    done: list[Restored] = []
    while waiting:
        failed: list[tuple[Mapping[str, Any], Exception]] = []
        for job in waiting:
            blobs = (job["head"], extents(job["buffers"]), job["lineTables"])
            try:
                loaded = _load(*blobs, namespace)
            except Exception as failure:
                failed.append((job, failure))
                continue
            done.append(Restored(*blobs, job["names"], job["bind"], *loaded))
            for stored, bound in job["bind"].items():
                namespace.update(dict.fromkeys(bound, loaded.values[stored]))
        if len(failed) == len(waiting):
            job, error = failed[0]
            reason = f"{type(error).__name__}: {error}"
            raise RestoreError(f"can not restore {', '.join(job['names'])}: {reason}") from error
        waiting = [job for job, _ in failed]
    return done


class Dumper:
    """Makes the stored form of a session's values; one per job.

    Args:
        namespace: the session's globals.
        scratch: the job's own folder, where blobs are written.
        objects: the object store, to skip what is there.
    """

    def __init__(self, namespace: dict[str, object], scratch: FilePath, objects: FilePath) -> None:
        self.namespace = namespace
        self.blobs = BlobWriter(scratch, objects)
        #: set by `plan_exports`: what the prelude defines in every session, and dotted imports
        self.everywhere: dict[int, str] = {}
        self.submodules: dict[str, list[str]] = {}
        self.array_sharing: set[frozenset[str]] = set()
        #: name → id of the value it had in the last partition, and whether there was a set in its component
        self._sets: dict[str, tuple[int, bool]] = {}

    def scope(self, namespace: dict[str, object] | None = None) -> Scope:
        """What a pickler needs of this session, or of a scratch copy of its namespace."""
        return Scope(self.namespace if namespace is None else namespace, self.everywhere, self.submodules)

    def partition(self, names: Iterable[str], values: Mapping[str, object] | None = None) -> list[list[str]]:
        """Names in components, by shared mutable objects. `values` stands in for the namespace."""
        found = self.namespace if values is None else values
        walk = Walk(self.namespace, self.everywhere)
        groups = walk.partition({name: found[name] for name in names})
        self.array_sharing |= walk.array_sharing
        self._sets.update(
            (name, (id(found[name]), name in walk.names_with_sets)) for group in groups for name in group
        )
        return [by_code_unit(group) for group in groups]

    def plain_form(
        self, values: Mapping[str, object], namespace: dict[str, object] | None = None, uncopied: bool = False
    ) -> Pickled:
        """Canonical pickle of the values as they are, without a round trip.

        Args:
            values: name → value.
            namespace: globals of the functions inside, if not the session's.
            uncopied: as of `Scope`.
        """
        scope = replace(self.scope(namespace), uncopied=uncopied)
        found = {name: values[name] for name in by_code_unit(values)}
        form = pickled(found, scope)
        if not form.sets and may_hold_sets(form.head):
            # short heads are read exactly; in long ones a walk finds out what chance bytes can not tell
            form.sets = len(form.head) <= CANONICAL_BYTES or self._holds_sets(found)
        return _canonical(found, scope, form)

    def _holds_sets(self, values: Mapping[str, object]) -> bool:
        known = [self._sets.get(name) for name in values]
        if all(
            entry is not None and entry[0] == id(value)
            for entry, value in zip(known, values.values(), strict=True)
        ):
            return any(entry is not None and entry[1] for entry in known)
        walk = Walk(self.namespace, self.everywhere)
        walk.partition({"": list(values.values())})
        return bool(walk.names_with_sets)

    def stored_form(
        self, names: Iterable[str], values: Mapping[str, object], first: Pickled | None = None
    ) -> Pickled:
        """Canonical pickle that loading and pickling again leaves as it is; nothing is written.

        Args:
            names: of the values.
            values: name → value.
            first: their `plain_form`, where it was made already.

        Raises:
            Exception: the values can not be pickled, or not loaded again.
        """
        if first is None:
            first = self.plain_form({name: values[name] for name in names})
        current = first
        for _ in range(_ROUND_TRIPS):
            namespace = dict(self.namespace)
            # loaded for a test only: what user code prints or warns there concerns nobody
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rebuilder = Rebuilder(namespace, current.lines)
                loaded = Loader(io.BytesIO(current.head), rebuilder, current.buffers).load()
                again = _canonical(loaded, self.scope(namespace), sets=current.sets)
            if again.head == current.head and all(map(_same_memory, again.buffers, current.buffers)):
                return replace(current, reaches=current.reaches | again.reaches)
            current = again
        return current

    def is_as_stored(self, restored: Restored) -> bool:
        """Whether nothing reachable from a restored component was changed.

        Raises:
            GoneError: what was stored is not there any more, so nobody can say.
        """
        # the stored bytes load to what these would: no copies are needed to see that
        form = self._form_now(restored, uncopied=True)
        if form is not None and self._is_stored(restored, form):
            return True
        if form is None or form.uncopied:
            form = self._form_now(restored)
            if form is None:
                # it could be stored once: what was put into it since can not
                return False
            if self._is_stored(restored, form):
                return True
        try:
            # some values differ after every load, a counter of loads for one: compare with another fresh load
            namespace = dict(self.namespace)
            fresh = _load(restored.head, restored.buffers, restored.line_tables, namespace).values
            other = self.plain_form(fresh, namespace)
            return form.head == other.head and all(map(_same_memory, form.buffers, other.buffers))
        except Exception:
            if not all(map(is_stored, (restored.head, *(buffer.path for buffer in restored.buffers)))):
                raise GoneError(restored.names) from None
            return False

    def _form_now(self, restored: Restored, uncopied: bool = False) -> Pickled | None:
        try:
            return self.plain_form(restored.values, uncopied=uncopied)
        except Exception:
            return None

    @staticmethod
    def _is_stored(restored: Restored, form: Pickled) -> bool:
        try:
            return has_content(restored.head, form.head) and same_buffers(
                restored.buffers, form.buffers, restored.mappings
            )
        except OSError as error:
            raise GoneError(restored.names) from error

    def first_form(self, names: Iterable[str], values: Mapping[str, object]) -> Pickled | None:
        """Their `plain_form`, with memory taken as it lies where that is possible; `None`: they can not be pickled."""
        try:
            return self.plain_form({name: values[name] for name in names}, uncopied=True)
        except Exception:
            return None

    def dump(self, names: Sequence[str], values: Mapping[str, object]) -> StoredComponent | Unstorable:
        """Store one component; `reaches` holds what its own functions look up, not yet what those reach.

        Raises:
            OSError: the scratch folder can not be written.
        """
        try:
            form = self.stored_form(names, values)
        except Exception as failure:
            return self.unstorable(names, values, failure)
        (written,) = self.write([(names, form)], values)
        return written

    def unstorable(self, names: Sequence[str], values: Mapping[str, object], error: Exception) -> Unstorable:
        """The name to blame for a failure."""
        name, reason = names[0], error
        for candidate in names if len(names) > 1 else ():
            try:
                self.stored_form([candidate], values)
            except Exception as own:
                name, reason = candidate, own
                break
        return Unstorable(name, type_name(values[name]), why_unstorable(reason), remedy(values[name], reason))

    def write(
        self, forms: Sequence[tuple[Sequence[str], Pickled]], values: Mapping[str, object]
    ) -> list[StoredComponent]:
        """Write stored forms to the scratch folder, each with its names.

        Raises:
            OSError: the scratch folder can not be written.
        """
        buffers = self.blobs.write_buffers([form.buffers for _, form in forms])
        return [
            {
                "names": by_code_unit(names),
                "head": self.blobs.write(form.head),
                "buffers": written,
                "lineTables": self.blobs.write(_packed_lines(form.lines)) if form.lines else None,
                "variables": self._facts(names, values, form),
                "reaches": sorted(form.reaches),
                "hidden": [],
            }
            for (names, form), written in zip(forms, buffers, strict=True)
        ]

    def _facts(
        self, names: Sequence[str], values: Mapping[str, object], form: Pickled
    ) -> list[VariableFacts]:
        apart = len(names) > 1 and len(form.head) <= _MEASURED_BYTES
        return [
            {
                "name": name,
                "type": type_name(values[name]),
                "bytes": size_of(pickled(values[name], self.scope()) if apart else form),
                "summary": summary(values[name]),
            }
            for name in by_code_unit(names)
        ]


def size_of(form: Pickled) -> int:
    """Bytes of a head and its buffers."""
    return len(form.head) + sum(buffer.nbytes for buffer in form.buffers)


def by_code_unit(names: Iterable[str]) -> list[str]:
    """Names sorted as the engine sorts them: by UTF-16 code unit."""
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _canonical(
    values: Mapping[str, object], scope: Scope, plain: Pickled | None = None, sets: bool = False
) -> Pickled:
    """Pickle in canonical form. `plain`: a pickling that tells whether there are sets, used if there are none."""
    if plain is not None and not plain.sets:
        form = plain
    elif plain is not None or sets:
        form = replace(pickled(values, scope, sets=True), sets=True)
    else:
        form = pickled(values, scope)
    return replace(form, head=canonical_head(form.head))


class _Loaded(NamedTuple):
    values: dict[str, object]
    submodules: dict[str, list[str]]
    mappings: list[PrivateMapping | None]


def _load(
    head: bytes | FilePath,
    buffers: Sequence[Extent],
    line_tables: bytes | FilePath | None,
    namespace: dict[str, object],
) -> _Loaded:
    data = _content(head)
    lines, sources = marshal.loads(_content(line_tables)) if line_tables is not None else ([], {})
    remember_sources(sources)
    rebuilder = Rebuilder(namespace, lines)
    opened = [open_buffer(buffer) for buffer in buffers]
    values = Loader(io.BytesIO(data), rebuilder, [memory for memory, _ in opened]).load()
    return _Loaded(values, rebuilder.submodules, [mapping for _, mapping in opened])


def _content(place: bytes | FilePath) -> bytes:
    if isinstance(place, bytes):
        return place
    with open_stored(place) as file:
        return file.read()


def _packed_lines(lines: Sequence[LineTable]) -> bytes:
    return marshal.dumps((list(lines), sources_of(file for file, _, _ in lines)))


def _same_memory(one: memoryview, other: memoryview) -> bool:
    if one.nbytes != other.nbytes:
        return False
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        first, second = numpy.frombuffer(one, "u1"), numpy.frombuffer(other, "u1")
        return bool(first.ctypes.data == second.ctypes.data or numpy.array_equal(first, second))
    return one.tobytes() == other.tobytes()
