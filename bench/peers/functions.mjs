// Blocks as functions, for tools that know no notebooks.

/** @param {string} text @param {number} levels */
export const indented = (text, levels = 1) =>
  text
    .split('\n')
    .map(line => (line === '' ? '' : `${'    '.repeat(levels)}${line}`))
    .join('\n');

/** Import statements of all blocks, each once. @param {readonly import('../workloads/block.mjs').Block[]} blocks */
export const importsOf = blocks => [...new Set(blocks.flatMap(({ imports }) => imports))].sort();
