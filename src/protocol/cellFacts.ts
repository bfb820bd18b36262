/**
 * What the kernel's own Python found out about one code cell without running it.
 * Remembered by the digest of the raw source, so an unchanged project needs no Python to be judged.
 */
import type { Digest } from './ids.js';

/** Raised whenever the meaning of a fact or of the normalised digest changes. */
export const CELL_FACTS_VERSION = 1;

export interface CellFacts {
  /** Digest of the normalised code: ast dump of the IPython-transformed source, a final `;`, raw magic bodies. */
  readonly digest: Digest;
  /** Nothing but comments and blank lines: the cell takes no part in keys and is not executed. */
  readonly empty: boolean;
  /** Names loaded before the cell itself surely binds them, function and class bodies included. */
  readonly loads: readonly string[];
  /** Names the cell binds at top level whatever happens (not under `if`, loops, `try`). */
  readonly binds: readonly string[];
  /** Names it may bind: `binds` and the conditional ones, `global` ones of functions, imports. */
  readonly mayBind: readonly string[];
  readonly deletes: readonly string[];
  /** Names it may change in place (a heuristic that only proposes edges; runs observe the truth). */
  readonly mayMutate: readonly string[];
  /** Identifiers inside string constants and magics (`df.query('a > @limit')`, `!echo {x}`). */
  readonly stringNames: readonly string[];
  /** String constants that look like paths. */
  readonly paths: readonly string[];
  /** Why every exported name counts as read (`eval`, `exec`, `globals()`, star import, `%run` …); empty: it does not. */
  readonly dynamic: readonly string[];
  /** Modules named by import statements, absolute, dotted. */
  readonly imports: readonly string[];
  /** Names bound by import statements. */
  readonly importedNames: readonly string[];
  /** Magic names with their sign: `%matplotlib`, `%%bash`, `!`. */
  readonly magics: readonly string[];
  /** Sets environment variables, so it must start in an interpreter that has imported nothing. */
  readonly setsEnvironment: boolean;
  /** Only imports, magics, option settings: a candidate for the prelude. */
  readonly setUp: boolean;
  /** Remarks of `split`: what can not be kept the same once cells run in separate processes (`_`, `In`, `Out`, `input()` …). */
  readonly remarks: readonly string[];
  readonly syntaxError: { readonly message: string; readonly line: number; readonly column: number } | null;
}
