/** Which blocks read and write which files: to keep what others read, and to find edges that are missing. */
import { posix } from 'node:path';
import { byCodeUnit, type BlockId } from '../protocol/ids.js';
import type { Trace } from '../protocol/trace.js';
import type { JobResult } from '../protocol/workerMessages.js';
import { ancestorsOf, cwdOf, type Context } from '../engine/index.js';
import type { ProjectPorts } from './ports.js';

/** A file that a string of the code names, with its content when the block started. */
export interface LiteralFile {
  readonly path: string;
  readonly digest: string;
}

/** Two blocks that a file joins, though nothing says so. */
export interface MissingEdge {
  readonly file: string;
  readonly writer: string;
  readonly reader: string;
  /** Of the block that was found out. */
  readonly notebook: string | undefined;
}

export class FileUse {
  /** By path as dependencies name it. */
  private readonly writers = new Map<string, Set<number>>();
  private readonly readers = new Map<string, Set<number>>();
  private readonly named = new Map<string, Set<number>>();

  constructor(
    private readonly ports: Pick<ProjectPorts, 'world' | 'files' | 'folder'>,
    private readonly project: Context['project'],
  ) {
    project.snapshot.blocks.forEach(({ memory, declaration, cells }, block) => {
      if (memory.last !== null) this.take(block, memory.last);
      for (const path of cells.flatMap(facts => facts.paths))
        add(this.named, this.pathFrom(cwdOf(declaration), path), block);
    });
  }

  /** Takes in what an execution read and wrote. */
  note(id: BlockId, trace: Trace): void {
    this.take(this.indexOf(id), trace);
  }

  private take(block: number, trace: Trace): void {
    for (const users of [...this.writers.values(), ...this.readers.values()]) users.delete(block);
    for (const { path } of trace.written) add(this.writers, path, block);
    for (const { kind, name } of trace.discovered) if (kind === 'file') add(this.readers, name, block);
  }

  /** Files that exist now and that strings of the block's code name. */
  literalFiles(id: BlockId): readonly LiteralFile[] {
    const snapshot = this.project.snapshot.blocks[this.indexOf(id)];
    if (snapshot === undefined) return [];
    const cwd = cwdOf(snapshot.declaration);
    const paths = new Set(snapshot.cells.flatMap(facts => facts.paths).map(path => this.pathFrom(cwd, path)));
    return [...paths].flatMap(path => {
      const digest = this.ports.files.isFile(path) ? this.ports.world.observe('file', path) : null;
      return digest === null ? [] : [{ path, digest }];
    });
  }

  /** Files an execution wrote, with whether their content is worth keeping: declared as an output or read by others. */
  writtenBy(id: BlockId, result: JobResult): readonly { readonly path: string; readonly keep: boolean }[] {
    const block = this.indexOf(id);
    const { folder, world } = this.ports;
    const globs = this.project.snapshot.blocks[block]?.declaration.outputs ?? [];
    const declared = new Set(globs.flatMap(glob => world.expand(glob)));
    const paths = new Set([
      ...result.discoveries.written.map(path => relativeInside(folder, path)),
      ...declared,
    ]);
    return [...paths]
      .sort(byCodeUnit)
      .map(path => ({ path, keep: declared.has(path) || this.isReadByOthers(path, block) }));
  }

  /** Whether a block other than the writer reads the file, or names it in its code. */
  private isReadByOthers(path: string, writer: number): boolean {
    const users = [...(this.readers.get(path) ?? []), ...(this.named.get(path) ?? [])];
    return users.some(user => user !== writer);
  }

  /** Ancestors that wrote what a block read, whose traces have to keep the content from now on. */
  writersFor(id: BlockId, trace: Trace): readonly { readonly block: BlockId; readonly path: string }[] {
    const reader = this.indexOf(id);
    return trace.discovered.flatMap(({ kind, name, digest }) => {
      if (kind !== 'file' || digest === null) return [];
      const writers = [...(this.writers.get(name) ?? [])].filter(block => block !== reader);
      return writers.flatMap(block => {
        const owner = this.project.graph.ids[block];
        return owner === undefined ? [] : [{ block: owner, path: name }];
      });
    });
  }

  /** A file that goes from one block to another without an edge between them: the result depends on who comes first. */
  missingEdge(block: BlockId, trace: Trace): MissingEdge | undefined {
    const { graph } = this.project;
    const own = this.indexOf(block);
    const isAncestor = (above: number, below: number): boolean => ancestorsOf(graph, [below])[above] === 1;
    const notebook = this.project.snapshot.blocks[own]?.declaration.notebook;
    const id = (index: number): string => graph.ids[index] ?? '';
    for (const { kind, name, digest } of trace.discovered) {
      if (kind !== 'file' || digest === null) continue;
      const writer = [...(this.writers.get(name) ?? [])].find(
        other => other !== own && !isAncestor(other, own),
      );
      if (writer !== undefined) return { file: name, writer: id(writer), reader: block, notebook };
    }
    for (const { path } of trace.written) {
      const readers = [...(this.readers.get(path) ?? [])];
      const reader = readers.find(
        other => other !== own && !isAncestor(own, other) && !isAncestor(other, own),
      );
      if (reader !== undefined) return { file: path, writer: block, reader: id(reader), notebook };
    }
    return undefined;
  }

  private indexOf(id: BlockId): number {
    const index = this.project.graph.indexOf.get(id);
    if (index === undefined) throw new Error(`there is no block ${id}`);
    return index;
  }

  private pathFrom(cwd: string, path: string): string {
    if (posix.isAbsolute(path)) return relativeInside(this.ports.folder, path);
    return posix.normalize(posix.join(cwd, path));
  }
}

/** A path as dependencies name it: relative with `/` inside the project, absolute elsewhere. */
export function relativeInside(folder: string, path: string): string {
  const normal = posix.normalize(path);
  return normal.startsWith(`${folder}/`) ? normal.slice(folder.length + 1) : normal;
}

function add(users: Map<string, Set<number>>, path: string, block: number): void {
  const known = users.get(path);
  if (known === undefined) users.set(path, new Set([block]));
  else known.add(block);
}
