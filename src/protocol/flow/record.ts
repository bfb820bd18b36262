/** What a flow notebook remembers of the blocks that it was made from, in its `metadata.dagpy.flow`. */
import { count, DecodeError, list, shape, text, type Decoder } from '../decode.js';

export const FLOW_VERSION = 1;

export interface FlowRecord {
  readonly version: number;
  /** Name of the project. */
  readonly project: string;
  /** Identity of the block that the flow leads to. */
  readonly target: string;
  readonly blocks: readonly RecordedBlock[];
}

export interface RecordedBlock {
  /** Permanent identity. */
  readonly uid: string;
  /** As it was called. */
  readonly name: string;
  readonly parents: readonly string[];
  readonly filter: readonly string[];
  readonly cells: readonly RecordedCell[];
}

export interface RecordedCell {
  /** In the flow. */
  readonly id: string;
  /** In the block; empty where its format has no cell ids. */
  readonly own: string;
  /** Digests of what a person wrote and of what the cell showed. */
  readonly content: string;
  readonly outputs: string;
  /** Digest of other outputs that it showed in the flow, since both sides ran it; empty: the same. */
  readonly shown: string;
}

/** Id of a cell → digest of what a person wrote in it, as its block had it. */
export const recordedContents = (record: FlowRecord | null): ReadonlyMap<string, string> =>
  new Map(record?.blocks.flatMap(({ cells }) => cells.map(({ id, content }) => [id, content] as const)));

const decodeFields = shape<FlowRecord>({
  version: count,
  project: text,
  target: text,
  blocks: list(
    shape<RecordedBlock>({
      uid: text,
      name: text,
      parents: list(text),
      filter: list(text),
      cells: list(shape<RecordedCell>({ id: text, own: text, content: text, outputs: text, shown: text })),
    }),
  ),
});

/** Throws a `DecodeError`; another version than `FLOW_VERSION` is one. */
export const decodeFlowRecord: Decoder<FlowRecord> = (data, place) => {
  const version = typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
  if (version !== FLOW_VERSION) throw new DecodeError(`${place}: version ${FLOW_VERSION} expected`);
  return decodeFields(data, place);
};
