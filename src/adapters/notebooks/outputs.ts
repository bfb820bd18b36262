/** Outputs between their form in the file (lists of lines) and their form in the program (whole strings). */
import type { Json } from '../../protocol/dagFile.js';
import { formatJson } from '../../protocol/jsonFormat.js';
import type { CellOutput, CellOutputs, JsonObject } from '../../protocol/outputs.js';

export const WIDGET_STATE = 'application/vnd.jupyter.widget-state+json';

/** Line ends of Python's `str.splitlines`, which the notebook format is written with. */
const LINES =
  /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+/g; // eslint-disable-line no-control-regex

const TEXT_APPLICATIONS = new Set(['application/javascript', 'image/svg+xml']);

export const splitLines = (text: string): readonly string[] => text.match(LINES) ?? [];

/** Types whose values are JSON of their own and stay as they are. */
const isJsonType = (mime: string) =>
  mime === 'application/json' || (mime.startsWith('application/') && mime.endsWith('+json'));

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(item => typeof item === 'string');

/** A string, or the list of lines it was split into. */
export function joinLines(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isStrings(value) ? value.join('') : undefined;
}

/** As nbformat keeps an output on disk; `transient` is never kept. */
export function outputForFile(output: CellOutput): JsonObject {
  switch (output.output_type) {
    case 'stream':
      return { output_type: 'stream', name: output.name, text: splitLines(output.text) };
    case 'display_data':
      return { output_type: 'display_data', data: splitBundle(output.data), metadata: output.metadata };
    case 'execute_result':
      return {
        output_type: 'execute_result',
        data: splitBundle(output.data),
        metadata: output.metadata,
        execution_count: output.execution_count,
      };
    case 'error':
      return {
        output_type: 'error',
        ename: output.ename,
        evalue: output.evalue,
        traceback: output.traceback,
      };
  }
}

function splitBundle(data: JsonObject): JsonObject {
  return mapBundle(data, (mime, value) => {
    const isText = mime.startsWith('text/') || TEXT_APPLICATIONS.has(mime);
    return isText && typeof value === 'string' ? splitLines(value) : value;
  });
}

function joinBundle(data: JsonObject): JsonObject {
  return mapBundle(data, (mime, value) => (!isJsonType(mime) && isStrings(value) ? value.join('') : value));
}

function mapBundle(data: JsonObject, change: (mime: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(data).map(([mime, value]) => [mime, change(mime, value)]));
}

/** From the file's form; an output of a kind that nbformat does not know stays as it is. */
export function outputFromFile(raw: unknown): CellOutput {
  const output = isObject(raw) ? raw : {};
  const object = (value: unknown) => (isObject(value) ? (value as JsonObject) : {});
  const text = (value: unknown) => joinLines(value) ?? '';
  switch (output['output_type']) {
    case 'stream':
      return {
        output_type: 'stream',
        name: output['name'] === 'stderr' ? 'stderr' : 'stdout',
        text: text(output['text']),
      };
    case 'display_data':
      return {
        output_type: 'display_data',
        data: joinBundle(object(output['data'])),
        metadata: object(output['metadata']),
      };
    case 'execute_result': {
      const count = output['execution_count'];
      return {
        output_type: 'execute_result',
        data: joinBundle(object(output['data'])),
        metadata: object(output['metadata']),
        execution_count: typeof count === 'number' ? count : null,
      };
    }
    case 'error':
      return {
        output_type: 'error',
        ename: text(output['ename']),
        evalue: text(output['evalue']),
        traceback: isStrings(output['traceback']) ? output['traceback'] : [],
      };
    default:
      return output as unknown as CellOutput;
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One string for what cells show, equal exactly when a person sees the same: neighbouring pieces of a stream joined,
 * keys sorted, `transient` left out. Compare a notebook's with the one of a stored `Display`, or digest it.
 */
export function canonicalOutputs(cells: readonly CellOutputs[], widgets?: JsonObject | null): string {
  const shown = cells.map(cell => ({
    outputs: joinStreams(cell.outputs).map(plain),
    count: cell.executionCount,
  }));
  return formatJson({ cells: shown, widgets: widgets ?? null }, { newline: '\n', unit: null });
}

function plain(output: CellOutput): JsonObject {
  const { transient: _, ...kept } = output as unknown as JsonObject;
  return kept;
}

function joinStreams(outputs: readonly CellOutput[]): readonly CellOutput[] {
  const joined: CellOutput[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      joined[joined.length - 1] = { ...last, text: last.text + output.text };
    } else joined.push(output);
  }
  return joined;
}
