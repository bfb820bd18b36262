/**
 * What a block shows, as bytes for the object store. Canonical: keys sorted, so that the outputs read back from a
 * notebook give the same bytes as the ones that were written into it.
 */
import { Packr } from 'msgpackr/pack';
import type { Json } from '../protocol/dagFile.js';
import { byCodeUnit } from '../protocol/ids.js';
import type { CellOutput, CellOutputs, Display, JsonObject } from '../protocol/outputs.js';

const DISPLAY_VERSION = 1;
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

export function encodeDisplay(display: Display): Uint8Array {
  const plain = {
    version: DISPLAY_VERSION,
    cells: display.cells.map(cell => ({
      outputs: cell.outputs.map(canonicalOutput),
      executionCount: cell.executionCount,
    })),
    ...(display.widgets === undefined ? {} : { widgets: display.widgets }),
  };
  return packr.pack(sorted(plain as unknown as Json));
}

/** `undefined`: the bytes are of another version or damaged. */
export function decodeDisplay(bytes: Uint8Array): Display | undefined {
  let decoded: { version?: unknown; cells?: unknown; widgets?: unknown } | null;
  try {
    decoded = packr.unpack(bytes) as typeof decoded;
  } catch {
    return undefined;
  }
  if (
    decoded === null ||
    typeof decoded !== 'object' ||
    decoded.version !== DISPLAY_VERSION ||
    !Array.isArray(decoded.cells)
  )
    return undefined;
  const cells = decoded.cells as readonly CellOutputs[];
  return { cells, ...(decoded.widgets === undefined ? {} : { widgets: decoded.widgets as JsonObject }) };
}

/** Without what only matters while it is shown live. */
function canonicalOutput(output: CellOutput): CellOutput {
  if (output.output_type !== 'display_data' || output.transient === undefined) return output;
  const { transient: _, ...rest } = output;
  return rest;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const object = value as JsonObject;
  const keys = Object.keys(object).sort(byCodeUnit);
  return Object.fromEntries(keys.map(key => [key, sorted(object[key] as Json)]));
}
