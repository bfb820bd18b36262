/** Unknown data to `CellFacts`, strictly: facts written before a field was added are as good as none. */
import type { CallFacts, CellFacts, FunctionFacts, Step } from './cellFacts.js';
import type { Decoder } from './decode.js';
import { count, flag, form, list, nullable, oneOf, shape, table, text, variant } from './decode.js';
import type { Digest } from './ids.js';

const texts = list(text);

const textTable: Decoder<Readonly<Record<string, string>>> = (data, place) =>
  Object.fromEntries(table(text)(data, place));

const pair: Decoder<readonly [string, string]> = (data, place) => {
  const [first, second, ...others] = texts(data, place);
  return [text(first, place), text(others.length === 0 ? second : undefined, place)];
};

const call = { callee: text, arguments: list(pair) };

const functionFacts = shape<FunctionFacts>({
  name: text,
  parameters: texts,
  loads: texts,
  binds: texts,
  mutates: texts,
  calls: list(shape<CallFacts>(call)),
  chains: texts,
  generator: flag,
  isClass: flag,
});

type StepOf<Kind extends Step['do']> = Extract<Step, { readonly do: Kind }>;

const step = variant<'do', Step>('do', {
  bind: shape<StepOf<'bind'>>({
    do: oneOf('bind'),
    name: text,
    sure: flag,
    shares: texts,
    from: texts,
    call: nullable(text),
  }),
  mutate: shape<StepOf<'mutate'>>({ do: oneOf('mutate'), name: text, shares: texts }),
  call: shape<StepOf<'call'>>({ do: oneOf('call'), ...call }),
  unkept: shape<StepOf<'unkept'>>({ do: oneOf('unkept'), name: text, what: text }),
  delete: shape<StepOf<'delete'>>({ do: oneOf('delete'), name: text }),
});

/** Throws a `DecodeError`. */
export const decodeCellFacts = shape<CellFacts>({
  digest: form<Digest>(/^[0-9a-f]{64}$/, 'a digest'),
  empty: flag,
  loads: texts,
  binds: texts,
  mayBind: texts,
  deletes: texts,
  mayMutate: texts,
  stringNames: texts,
  paths: texts,
  dynamic: texts,
  bindsUnknown: texts,
  starImports: texts,
  imports: texts,
  importedNames: texts,
  importedFrom: textTable,
  magics: texts,
  setsEnvironment: flag,
  setUp: flag,
  chains: texts,
  history: texts,
  functions: list(functionFacts),
  steps: list(step),
  remarks: texts,
  syntaxError: nullable(
    shape<NonNullable<CellFacts['syntaxError']>>({ message: text, line: count, column: count }),
  ),
});
