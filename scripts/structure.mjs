// What no linter here checks: no import cycle among the sources, type-only imports included, and no file above 500 lines.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { join } from 'node:path';
import { filesBelow, isMain, root, start } from './tools.mjs';

const longestFile = 500;
const importedFrom = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"]+)['"]/g;

/** One line a problem; empty where all is well. */
export function structureProblems() {
  const sources = filesBelow('src', file => /\.tsx?$/.test(file));
  const python = ['jupyterlab_dagpy', 'test', 'bench'].flatMap(folder =>
    filesBelow(folder, file => file.endsWith('.py') && !file.includes('/vendored/')),
  );
  const long = [...sources, ...python]
    .map(file => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > longestFile)
    .map(({ file, lines }) => `${file}: ${lines} lines, more than ${longestFile}`);
  return [...long, ...importCycles(importGraph(sources)).map(cycle => `import cycle: ${cycle.join(' -> ')}`)];
}

function importGraph(files) {
  const known = new Set(files);
  return new Map(
    files.map(file => {
      const text = readFileSync(join(root, file), 'utf8');
      const imports = [...text.matchAll(importedFrom)]
        .map(([, specifier]) => posix.join(posix.dirname(file), specifier).replace(/\.js$/, ''))
        .flatMap(name => [`${name}.ts`, `${name}.tsx`].filter(imported => known.has(imported)));
      return [file, [...new Set(imports)]];
    }),
  );
}

/** The first cycle met from each file of `graph` that no earlier search has left, each as a path back to its start. */
export function importCycles(graph) {
  const state = new Map();
  const path = [];
  const cycles = [];
  const visit = file => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const imported of graph.get(file) ?? []) visit(imported);
    path.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

if (isMain(import.meta.url)) {
  await start(() => {
    const problems = structureProblems();
    for (const problem of problems) console.error(problem);
    return problems.length === 0 ? 0 : 1;
  });
}
