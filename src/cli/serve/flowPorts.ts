/** What calls about flows share: contents as texts, and what merging needs of a project. */
import { basename, dirname, extname } from 'node:path';
import type { OpenFlow, SubmitPorts } from '../../adapters/flows/index.js';
import { areTrusted, type Notebook } from '../../adapters/notebooks/index.js';
import { factsOf } from '../../daemon/cellFacts.js';
import { formatJson } from '../../protocol/jsonFormat.js';
import type { JsonObject } from '../../protocol/outputs.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { folderName } from '../commands/newProject.js';
import { openGround } from '../ground.js';
import type { ServeHost } from './host.js';
import { lendTrust } from './trustLenders.js';

/** What merging needs of a project; Python is started only for what code of new blocks reads, or for signatures. */
export async function withPorts<Value>(
  host: ServeHost,
  project: string,
  use: (folder: string, ports: SubmitPorts) => Promise<Value>,
): Promise<Value> {
  const { around } = host;
  const folder = host.folder(project);
  const { hasher, store } = await openGround(around, folder);
  const trust = lendTrust(around);
  try {
    return await use(folder, {
      digest: hasher.digest,
      ranAs: uid => store.memory.read(uid).last?.block,
      trust,
      factsOf: sources =>
        host.withProject(project, ({ ports, environment }) => factsOf(ports, environment, sources)),
    });
  } finally {
    trust.close();
  }
}

/** New blocks of a notebook lie in a folder that is named after it. @param shown of the notebook, below the project */
export function homeOf(shown: string): OpenFlow['home'] {
  const cwd = dirname(shown);
  const stem = folderName(basename(shown, extname(shown)).replace(/\.flow$/, ''));
  return { folder: cwd === '.' ? stem : `${cwd}/${stem}`, cwd };
}

export const textOf = (content: NotebookContent): string =>
  `${formatJson(content, { newline: '\n', unit: ' ' })}\n`;

export const contentOf = (text: string): JsonObject => JSON.parse(text) as JsonObject;

/** An editor shows outputs of a cell as trusted, or there are none. */
export function isShownTrusted({ cells }: NotebookContent): boolean {
  if (!Array.isArray(cells)) return false;
  return cells.every(cell => {
    const { outputs, metadata } = cell as { readonly outputs?: unknown; readonly metadata?: JsonObject };
    return !Array.isArray(outputs) || outputs.length === 0 || metadata?.['trusted'] === true;
  });
}

/** Whether this user trusts all that the notebooks show. */
export async function isTrustedByUser(
  { around }: ServeHost,
  blocks: readonly { readonly notebook: Notebook }[],
): Promise<boolean> {
  const trust = lendTrust(around);
  try {
    return await areTrusted(
      trust,
      blocks.map(({ notebook }) => notebook),
    );
  } finally {
    trust.close();
  }
}

/** As the server marks what a user trusts for editors. */
export function asTrusted(content: JsonObject): JsonObject {
  return withMetadata(content, metadata => ({ ...metadata, trusted: true }));
}

/** Without marks that are an editor's own. */
export function withoutTrust(content: JsonObject): JsonObject {
  return withMetadata(content, ({ trusted: _, ...rest }) => rest);
}

function withMetadata(content: JsonObject, change: (metadata: JsonObject) => JsonObject): JsonObject {
  const { cells } = content;
  if (!Array.isArray(cells)) return content;
  return {
    ...content,
    cells: cells.map(each => {
      const cell = each as JsonObject;
      return cell['cell_type'] === 'code'
        ? { ...cell, metadata: change((cell['metadata'] ?? {}) as JsonObject) }
        : cell;
    }),
  };
}

/** Whether a cell shows something else than it does in the editor. */
export function hasOtherOutputs(editor: NotebookContent, merged: JsonObject): boolean {
  const shown = (content: NotebookContent): ReadonlyMap<unknown, string> =>
    new Map(
      (Array.isArray(content['cells']) ? (content['cells'] as readonly JsonObject[]) : []).map(
        ({ id, outputs }) => [id, JSON.stringify(outputs ?? [])],
      ),
    );
  const before = shown(editor);
  return [...shown(merged)].some(([id, outputs]) => before.get(id) !== outputs && outputs !== '[]');
}
