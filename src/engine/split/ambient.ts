/** Which code touches state that is no variable: random generators, options, the working folder … */

export type AmbientUse =
  /** Depends on the state and changes it: a draw, a seed. */
  | { readonly kind: 'draw'; readonly adapter: string }
  /** Sets an option that later output may depend on. */
  | { readonly kind: 'set'; readonly adapter: string }
  /** Sets an option of the session that nothing carries into another process. */
  | { readonly kind: 'session'; readonly adapter: string };

/** Names that are bound so by custom, for cells whose imports are elsewhere or come by star. */
const CUSTOM: ReadonlyMap<string, string> = new Map(
  Object.entries({
    np: 'numpy',
    pd: 'pandas',
    plt: 'matplotlib.pyplot',
    mpl: 'matplotlib',
    sns: 'seaborn',
    random: 'random',
    os: 'os',
    sys: 'sys',
    warnings: 'warnings',
    torch: 'torch',
    stats: 'scipy.stats',
  }),
);

/** Generators with a state of their own. */
const OWN_GENERATOR =
  /^numpy\.random\.(?:default_rng|RandomState|Generator|SeedSequence|PCG64\w*|MT19937|Philox|SFC64|BitGenerator)/;
const OWN_RANDOM = /^random\.(?:Random|SystemRandom)\b/;
/**
 * Library functions that draw from NumPy's global generator unless told otherwise, by the words in their names. Taking
 * too many costs only order between blocks, since an edge without values makes nothing stale.
 */
const DRAWS =
  /(?:^|\.)\w*(?:rvs|rand|sampl|simulat|bootstrap|shuffl|permut|jitter|train_test_split|KFold|Forest|MLP|KMeans|Boosting|TSNE|make_blobs|make_classification|make_regression|make_moons)\w*$/i;
/** They have a state of their own, or take it from what they are given. */
const NO_DRAW =
  /\.(?:operand\w*|(?:in|out_of|get_in|get_out_of)_sample\w*|samples?_?size|nsamples|resample)$/;
const TORCH =
  /^torch\.(?:manual_seed|rand\w*|normal|bernoulli|multinomial|seed|random\..*|nn\.\w+|utils\.data\.\w+)$/;

const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^pandas\.(?:set_option|reset_option|options\..+|set_eng_float_format)$/, 'pandas'],
  [
    /^matplotlib\.(?:rcParams(?:\..*)?|rc|rcdefaults|use|pyplot\.(?:rcParams(?:\..*)?|rc|rcdefaults|style\.use|ion|ioff|set_cmap|switch_backend)|style\.use)$/,
    'matplotlib',
  ],
  [
    /^seaborn\.(?:set|set_theme|set_style|set_context|set_palette|set_color_codes|reset_defaults|reset_orig)$/,
    'matplotlib',
  ],
  [/^warnings\.(?:filterwarnings|simplefilter|resetwarnings)$/, 'warnings'],
  [/^os\.chdir$/, 'cwd'],
  [/^sys\.path(?:\.\w+)?$/, 'sys.path'],
  [/^os\.(?:environ(?:\.(?:update|setdefault|pop|clear))?|putenv|unsetenv)$/, 'os.environ'],
  [/^numpy\.(?:set_printoptions|seterr)$/, 'numpy options'],
];
/** No adapter carries these along an edge. */
const NOT_CARRIED = new Set(['numpy options']);
const HARMLESS_MAGICS = new Set(['%matplotlib', '%aimport', '%autoreload']);

/** What a dotted name of the code touches; `origin` says what its first part is bound to. */
export function ambientUse(chain: string, origin: (name: string) => string | undefined): AmbientUse | null {
  if (chain.startsWith('%')) return HARMLESS_MAGICS.has(chain) ? null : { kind: 'session', adapter: chain };
  const [head = '', ...rest] = chain.split('.');
  const base = origin(head) ?? (rest.length > 0 ? CUSTOM.get(head) : undefined) ?? head;
  const full = [base, ...rest].join('.');
  if (/^numpy\.random\./.test(full))
    return OWN_GENERATOR.test(full) ? null : { kind: 'draw', adapter: 'numpy.random' };
  if (/^random\.\w/.test(full)) return OWN_RANDOM.test(full) ? null : { kind: 'draw', adapter: 'random' };
  if (TORCH.test(full)) return { kind: 'draw', adapter: 'torch' };
  for (const [pattern, adapter] of OPTIONS) {
    if (pattern.test(full)) return { kind: NOT_CARRIED.has(adapter) ? 'session' : 'set', adapter };
  }
  if (DRAWS.test(full) && !NO_DRAW.test(full)) return { kind: 'draw', adapter: 'numpy.random' };
  return null;
}
