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
  /** Identifiers in strings that are evaluated: queries (`@limit`), `eval` methods, SQL, formulas, magics (`!echo {x}`). */
  readonly stringNames: readonly string[];
  /** String constants that look like paths. */
  readonly paths: readonly string[];
  /** Why every exported name counts as read (`eval`, `exec`, `globals()`, star import, `%run` …); empty: it does not. */
  readonly dynamic: readonly string[];
  /** Why it may bind names that are not in the code (star import, `%run`, unknown magics); also given in `dynamic`. */
  readonly bindsUnknown: readonly string[];
  /** Modules of star imports; each has one entry in `dynamic`, and reads nothing by itself. */
  readonly starImports: readonly string[];
  /** Modules named by import statements, absolute, dotted. */
  readonly imports: readonly string[];
  /** Names bound by import statements. */
  readonly importedNames: readonly string[];
  /** What they are bound to, dotted: `np` → `numpy`, `norm` → `scipy.stats.norm`. */
  readonly importedFrom: { readonly [name: string]: string };
  /** Magic names with their sign: `%matplotlib`, `%%bash`, `!`. */
  readonly magics: readonly string[];
  /** Sets environment variables, so it must start in an interpreter that has imported nothing. */
  readonly setsEnvironment: boolean;
  /** Only imports, magics, option settings: a candidate for the prelude. */
  readonly setUp: boolean;
  /** Dotted names that are called or stored to (`np.random.seed`, `?.rvs` on no plain name): who touches ambient state. */
  readonly chains: readonly string[];
  /** What IPython keeps of earlier cells and the code mentions: `_`, `__`, `Out`, `In`, `_3` … */
  readonly history: readonly string[];
  /** Functions, classes, and (as `.name`) methods of classes that the cell defines at top level. */
  readonly functions: readonly FunctionFacts[];
  /** What happens to variables, in order; proposes edges, never part of a key. */
  readonly steps: readonly Step[];
  /** Remarks of `split`: what can not be kept the same once cells run in separate processes (`_`, `In`, `Out`, `input()` …). */
  readonly remarks: readonly string[];
  readonly syntaxError: { readonly message: string; readonly line: number; readonly column: number } | null;
}

/** A call whose effect on its arguments is known where the function is. Keys: a position, a keyword, `self`, `*`. */
export interface CallFacts {
  /** A function's name, or `.name` for a method. */
  readonly callee: string;
  readonly arguments: readonly (readonly [key: string, name: string])[];
}

/** What running a function may read and change. */
export interface FunctionFacts {
  readonly name: string;
  /** Positional ones first, so that a position is an index. */
  readonly parameters: readonly string[];
  /** Globals read by the body. */
  readonly loads: readonly string[];
  /** Globals bound by it (`global x`). */
  readonly binds: readonly string[];
  /** Parameters and globals that it may change in place. */
  readonly mutates: readonly string[];
  readonly calls: readonly CallFacts[];
  readonly chains: readonly string[];
  readonly generator: boolean;
  readonly isClass: boolean;
}

export type Step =
  /** `shares`: names whose objects the value may share · `from`: all names of the expression · `call`: the function called. */
  | {
      readonly do: 'bind';
      readonly name: string;
      readonly sure: boolean;
      readonly shares: readonly string[];
      readonly from: readonly string[];
      readonly call: string | null;
    }
  /** Changes in place, and may hold on to the objects of `shares`. */
  | { readonly do: 'mutate'; readonly name: string; readonly shares: readonly string[] }
  | ({ readonly do: 'call' } & CallFacts)
  /** The value just bound can not be stored or read twice: a generator, an open file … */
  | { readonly do: 'unkept'; readonly name: string; readonly what: string }
  | { readonly do: 'delete'; readonly name: string };

/** Facts as Python sends them: the engine's side makes the digest, with the hasher that every key uses. */
export type AnalysedCell = Omit<CellFacts, 'digest'> & { readonly canonical: string };
