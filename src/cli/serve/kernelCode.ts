/**
 * Python that gives a person's kernel the values of a block. One expression that binds nothing by itself: the payload is
 * registered as a package past `sys.path`, and every object is named with the digest that is checked right before it
 * is loaded, so that the code stays safe to run whatever happens to the files after it was made.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { damagedObject, extentOf } from '../../daemon/jobSpec.js';
import type { KernelValues } from '../../daemon/kernelValues.js';
import type { ProjectPorts } from '../../daemon/ports.js';
import { frameDigest, frameList, frameText, type BoundComponent } from '../../engine/index.js';
import { frameJson } from '../../engine/key.js';
import { byCodeUnit, type Digest } from '../../protocol/ids.js';
import type { ObjectRef } from '../../protocol/trace.js';
import type { Extent, JobSpec } from '../../protocol/workerMessages.js';

/** A file that is unpickled: it is read once, and what was read is compared. */
interface CheckedFile {
  readonly path: string;
  readonly sha256: string;
}

/** Read by `worker/user_kernel.py`. */
interface LoadSpecification {
  readonly project: string;
  readonly block: string;
  readonly what: 'inputs' | 'state';
  readonly version: Digest;
  readonly cwd: string;
  readonly prelude: readonly string[];
  readonly preludeDigest: Digest;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly inputs: readonly {
    readonly head: CheckedFile;
    readonly buffers: readonly Extent[];
    readonly lineTables: CheckedFile | null;
    readonly digest: Digest;
    readonly bind: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly ambient: Readonly<Record<string, CheckedFile>>;
  readonly seed: string | null;
}

/** @throws ProblemError where a stored object is missing or damaged */
export function loadingCode(
  ports: ProjectPorts,
  values: KernelValues,
  payload: string,
  version: Digest,
): string {
  const specification: LoadSpecification = {
    project: ports.folder,
    block: values.block,
    what: values.what,
    version,
    cwd: values.cwd,
    prelude: values.prelude,
    preludeDigest: ports.hasher.digest(frameList(values.preludeCells, frameDigest)),
    parameters: Object.fromEntries(values.parameters),
    inputs: values.components.map(bound => restored(ports, bound)),
    ambient: Object.fromEntries(
      [...values.ambient].map(([adapter, state]) => [adapter, checked(ports, state, `state of ${adapter}`)]),
    ),
    seed: values.seed,
  };
  return privately(payload, `${PACKAGE}.user_kernel`, `load(${pythonText(JSON.stringify(specification))})`);
}

/** Read by `worker/adopting.py`. */
export interface Proof {
  readonly project: string;
  readonly block: string;
  readonly cwd: string;
  /** Of the inputs; `null`: the block is given nothing. */
  readonly version: Digest | null;
  /** SHA-256 of the sources of its non-empty code cells. */
  readonly cells: readonly string[];
  readonly keep: JobSpec['keep'];
  /** Absolute. */
  readonly scratch: string;
  readonly objects: string;
}

/** Python that has a kernel store what it computed, where it can show what it ran. */
export const adoptingCode = (payload: string, proof: Proof): string =>
  privately(payload, `${PACKAGE}.adopting`, `adopt(${pythonText(JSON.stringify(proof))})`);

const PACKAGE = 'dagpy_worker';

/**
 * One expression without a value that anybody shows. A payload of another place or age is taken out first: the formats
 * of two releases must not be mixed.
 */
function privately(payload: string, module: string, call: string): string {
  const script = `
import importlib, os, sys
folder = ${pythonText(payload)}
stamp = os.stat(os.path.join(folder, "user_kernel.py"))
stamp = (folder, stamp.st_mtime_ns, stamp.st_size)
if getattr(sys.modules.get("${PACKAGE}"), "kernel_stamp", None) != stamp:
    for name in [name for name in sys.modules if name.partition(".")[0] == "${PACKAGE}"]:
        del sys.modules[name]
    boot = {"__name__": "boot", "__file__": os.path.join(folder, "boot.py")}
    with open(boot["__file__"], encoding="utf-8") as file:
        exec(compile(file.read(), boot["__file__"], "exec"), boot)
    boot["register_package"](folder).kernel_stamp = stamp
importlib.import_module("${module}").${call}
`;
  return `__import__("builtins").exec(${pythonText(script)}, {"__name__": "dagpy"})`;
}

/** JSON strings are Python strings too. */
const pythonText = (text: string): string => JSON.stringify(text);

function restored(ports: ProjectPorts, { component, bind, from }: BoundComponent) {
  const what = `${component.names.join(', ')} of ${from}`;
  return {
    head: checked(ports, component.head, what),
    buffers: component.buffers.map(buffer => extentOf(ports, buffer, what)),
    // Only tracebacks need them: without them the value is the same.
    lineTables: component.lineTables === null ? null : (tryChecked(ports, component.lineTables) ?? null),
    digest: component.digest,
    bind: Object.fromEntries(bind),
  };
}

function checked(ports: ProjectPorts, ref: ObjectRef, what: string): CheckedFile {
  const found = tryChecked(ports, ref);
  if (found === undefined) throw damagedObject(what);
  return found;
}

function tryChecked(ports: ProjectPorts, ref: ObjectRef): CheckedFile | undefined {
  const content = ports.objects.read(ref);
  if (content === undefined) return undefined;
  const path = join(ports.objectsFolder, ref.digest.slice(0, 2), ref.digest.slice(2));
  return { path, sha256: createHash('sha256').update(content).digest('hex') };
}

/** The same values, bound to the same names, have the same version wherever they lie. */
export function versionOf(ports: ProjectPorts, values: KernelValues): Digest {
  const bound = values.components
    .flatMap(({ component, bind }) =>
      [...bind].flatMap(([stored, names]) =>
        names.map(
          name => [name, frameText(name) + frameText(stored) + frameDigest(component.digest)] as const,
        ),
      ),
    )
    // A name that is bound twice has the value that was bound last.
    .reduce((last, [name, text]) => last.set(name, text), new Map<string, string>());
  const inOrder = [...bound].sort(([a], [b]) => byCodeUnit(a, b)).map(([, text]) => text);
  const parameters = [...values.parameters].sort(([a], [b]) => byCodeUnit(a, b));
  const ambient = [...values.ambient].sort(([a], [b]) => byCodeUnit(a, b));
  return ports.hasher.digest(
    [
      'kernel values 1',
      values.what,
      frameText(values.block),
      frameList(inOrder, text => text),
      frameList(values.preludeCells, frameDigest),
      frameList(parameters, ([name, value]) => frameText(name) + frameJson(value)),
      frameList(ambient, ([adapter, { digest }]) => frameText(adapter) + frameDigest(digest)),
      frameText(values.cwd),
    ].join('\n'),
  );
}
