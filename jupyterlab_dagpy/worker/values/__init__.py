"""Values of a session: components, their stored form, restoring them, and what a block exports."""

from .blobs import BlobRef, BlobWriter
from .files import digest_of, extents, note_early, open_stored
from .names import bound_names, dotted_imports, is_machine_name
from .plan import Baseline, Exports, Keep, Withheld, baseline, plan_exports
from .store import Dumper, Restored, RestoreError, StoredComponent, Unstorable, load_component, restore

__all__ = [
    "Baseline",
    "BlobRef",
    "BlobWriter",
    "Dumper",
    "Exports",
    "Keep",
    "RestoreError",
    "Restored",
    "StoredComponent",
    "Unstorable",
    "Withheld",
    "baseline",
    "bound_names",
    "digest_of",
    "dotted_imports",
    "extents",
    "is_machine_name",
    "load_component",
    "note_early",
    "open_stored",
    "plan_exports",
    "restore",
]
