/** Tries out, in a kernel's own Python, what blocks rely on: importing their packages and forking afterwards. */
import { execFileSync } from 'node:child_process';
import { count, finite, flag, list, nullable, shape, table, text, type Decoder } from '../protocol/decode.js';

export interface Probe {
  /** Versions of what DAGpy uses there; `null`: not installed. */
  readonly versions: ReadonlyMap<string, string | null>;
  /** Seconds for importing the packages. */
  readonly importSeconds: number;
  /** Packages that could not be imported. */
  readonly broken: readonly string[];
  /** Threads that run after the imports, this one included. */
  readonly threads: number;
  /** Seconds from a fork to the end of the child; `null`: it did not end, or this system can not fork. */
  readonly forkSeconds: number | null;
  /** CUDA is in use after the imports, which no forked process survives. */
  readonly cuda: boolean;
}

const decodeProbe: Decoder<Probe> = shape<Probe>({
  versions: table(nullable(text)),
  importSeconds: finite,
  broken: list(text),
  threads: count,
  forkSeconds: nullable(finite),
  cuda: flag,
});

const PATIENCE_MILLISECONDS = 120_000;

const SCRIPT = `
import importlib, json, os, sys, threading, time
from importlib import metadata
asked = json.loads(sys.argv[1])
versions = {}
for name in asked["versions"]:
    try:
        versions[name] = metadata.version(name)
    except Exception:
        versions[name] = None
began, broken = time.perf_counter(), []
out, sys.stdout = sys.stdout, sys.stderr
for name in ["IPython", "ipykernel", *asked["packages"]]:
    try:
        importlib.import_module(name)
    except BaseException:
        broken.append(name)
sys.stdout = out
imported = time.perf_counter() - began
try:
    threads = len(os.listdir("/proc/self/task"))
except OSError:
    threads = threading.active_count()
torch = sys.modules.get("torch")
cuda = bool(torch is not None and torch.cuda.is_initialized())
forked = None
if hasattr(os, "fork"):
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os._exit(0)
    end = began + 10
    while time.perf_counter() < end:
        if os.waitpid(child, os.WNOHANG)[0] == child:
            forked = time.perf_counter() - began
            break
        time.sleep(0.0005)
    else:
        os.kill(child, 9)
print("dagpy-probe:" + json.dumps({"versions": versions, "importSeconds": imported, "broken": broken,
    "threads": threads, "forkSeconds": forked, "cuda": cuda}))
`;

/** Throws what starting Python throws, or an `Error` where it gives no answer. */
export function probePython(
  python: string,
  flags: readonly string[],
  environment: Readonly<Record<string, string>>,
  asked: { readonly versions: readonly string[]; readonly packages: readonly string[] },
): Probe {
  const printed = execFileSync(python, [...flags, '-c', SCRIPT, JSON.stringify(asked)], {
    env: environment,
    encoding: 'utf8',
    timeout: PATIENCE_MILLISECONDS,
    maxBuffer: 1 << 22,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const line = printed.split(/\r?\n/).find(each => each.startsWith('dagpy-probe:'));
  if (line === undefined) throw new Error('Python gave no answer');
  return decodeProbe(JSON.parse(line.slice('dagpy-probe:'.length)), 'probe');
}
