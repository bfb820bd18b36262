/** `graph`: the blocks and their edges as rails, a picture, text for other tools, or JSON. */
import { extname, relative, resolve } from 'node:path';
import { writeResult } from '../../adapters/resultFile.js';
import { drawSvg, graphReport, placed, type DrawnGraph } from '../../dagLayout/index.js';
import { lineageOf } from '../../engine/index.js';
import { orThrow, type Result } from '../../protocol/problem.js';
import { dotText } from '../graph/dot.js';
import { judgedKnowledge } from '../graph/judgedKnowledge.js';
import { mermaidText, MOST_CHARACTERS, MOST_EDGES } from '../graph/mermaid.js';
import { declaredKnowledge, drawnGraph } from '../graph/model.js';
import { drawPng } from '../graph/png.js';
import { showsUnicode, textLines, type Screen } from '../graph/text.js';
import { judged } from '../judged.js';
import type { GraphFormat, GraphOptions } from '../program.js';
import type { Session } from '../session.js';
import { styleFor } from '../terminal/style.js';

const SUFFIXES: Readonly<Record<string, GraphFormat>> = {
  '.svg': 'svg',
  '.png': 'png',
  '.mmd': 'mmd',
  '.mermaid': 'mmd',
  '.dot': 'dot',
  '.gv': 'dot',
  '.txt': 'text',
};

/** Written at once; a graph of thousands of blocks is not held as one text. */
const CHUNK = 16_384;

export async function graph(
  session: Session,
  selectors: readonly string[],
  options: GraphOptions,
): Promise<number> {
  const target = orThrow(targetOf(session.around.cwd, options));
  const drawn = await graphToDraw(session, selectors, options);
  if (target.file === undefined) {
    if (options.json === true) session.printJson(graphReport(placed(drawn)));
    else if (target.format === 'text')
      printText(session, drawn, options.output === '-' || options.format !== undefined);
    else session.print(String(contentOf(session, drawn, target.format)));
    return 0;
  }
  orThrow(writeResult(target.file, contentOf(session, drawn, target.format), target.shown));
  if (options.json === true) session.printJson(graphReport(placed(drawn)));
  else session.note(`wrote ${target.shown}`);
  return 0;
}

interface Target {
  readonly format: GraphFormat;
  /** Absent: standard output. */
  readonly file?: string;
  /** How messages name it. */
  readonly shown: string;
}

function targetOf(cwd: string, { output, format, json, states, noStates }: GraphOptions): Result<Target> {
  const wrong = (message: string, remedy: string): Result<Target> => ({
    ok: false,
    problems: [{ code: 'call', message, remedy }],
  });
  if (states === true && noStates === true)
    return wrong('--states and --no-states exclude each other', 'leave one of them out');
  if (output === undefined || output === '-') {
    if (format === 'png')
      return wrong('a PNG does not go to standard output', 'name a file: dagpy graph -o graph.png');
    if (json === true && (output === '-' || format !== undefined))
      return wrong('--json prints a document of its own', 'leave out -o - and --format, or --json');
    return { ok: true, value: { format: format ?? 'text', shown: 'standard output' } };
  }
  const suffix = extname(output).toLowerCase();
  const found = format ?? SUFFIXES[suffix];
  if (found === undefined) {
    return wrong(
      `${output}: no format is known for ${suffix === '' ? 'a name without a suffix' : suffix}`,
      `use one of ${Object.keys(SUFFIXES).join(' ')}, or say which: --format svg`,
    );
  }
  const file = resolve(cwd, output);
  return { ok: true, value: { format: found, file, shown: relative(cwd, file) || output } };
}

async function graphToDraw(
  session: Session,
  selectors: readonly string[],
  { noStates }: GraphOptions,
): Promise<DrawnGraph> {
  if (noStates === true) {
    // Structure stands in dag.json alone: no kernel, no notebook and no cache is looked at.
    const { readStructure } = await import('../structure.js');
    const { dag, graph: built } = readStructure(session.folder());
    const marks = selectors.length === 0 ? undefined : orThrow(lineageOf(built, selectors));
    return drawnGraph(dag.dag, built, declaredKnowledge(dag.dag), marks);
  }
  return session.withProject(async project => {
    const all = await judged(project);
    const { graph: built, snapshot } = all.context.project;
    const marks = selectors.length === 0 ? undefined : orThrow(lineageOf(built, selectors));
    return drawnGraph(snapshot.dag, built, judgedKnowledge(all), marks);
  });
}

function contentOf(session: Session, drawn: DrawnGraph, format: GraphFormat): string | Uint8Array {
  switch (format) {
    case 'svg':
      return drawSvg(placed(drawn)).svg;
    case 'png':
      return orThrow(drawPng(session.around.python(), drawSvg(placed(drawn))));
    case 'mmd': {
      const text = mermaidText(drawn);
      if (drawn.edges.length > MOST_EDGES || text.length > MOST_CHARACTERS)
        session.note('note: Mermaid draws so large a graph only with higher maxEdges and maxTextSize');
      return text;
    }
    case 'dot':
      return dotText(drawn);
    case 'text':
      return [...textLines(drawn, plainScreen(session))].join('');
  }
}

function printText(session: Session, drawn: DrawnGraph, plain: boolean): void {
  const { stdout, environment } = session.around;
  const columns = stdout.isTTY ? stdout.columns : undefined;
  const screen = plain
    ? plainScreen(session)
    : { style: session.outStyle, columns, unicode: showsUnicode(environment, process.platform) };
  let chunk = '';
  for (const line of textLines(drawn, screen)) {
    chunk += line;
    if (chunk.length < CHUNK) continue;
    session.print(chunk);
    chunk = '';
  }
  session.print(chunk);
}

/** Of a file, or of a pipe that asked for text: the same wherever it is made. */
const plainScreen = ({ around }: Session): Screen => ({
  style: styleFor({ isTTY: false }, around.environment),
  columns: undefined,
  unicode: true,
});
