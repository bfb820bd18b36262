/** What in the cells of a block of the original dagpy can not be taken over as it is. */
import type { Problem } from '../../protocol/problem.js';
import type { ImportBlock, ImportCell } from './types.js';

/** Lines of the generated cells: `A_x = dill.load(open('cache/A_x.dill','rb'))` and the other way round. */
const LOAD = /^(\S+) = dill\.load\(open\('(cache\/[^']*)', ?'rb'\)\)$/;
const GENERATED = [
  /^#/,
  /^import (?:dill|os)$/,
  /^os\.makedirs\(os\.path\.dirname\('[^']*'\), exist_ok=True\)$/,
  /^dill\.dump\([^\n]*, open\('cache\/[^']*', 'wb\+'\)\)$/,
];

/** What travels along edges here; the original started every block afresh. */
const SETTINGS =
  /\bos\.chdir\s*\(|^\s*%cd\b|\bos\.environ\s*\[[^\]]*\]\s*=(?!=)|\.set_option\s*\(|\brcParams\b|\bstyle\.use\s*\(|\b(?:filterwarnings|simplefilter)\s*\(/m;

/**
 * @param aliases variables of parents as the block knows them
 * @param isParent whether other blocks start from it
 */
export function cellWarnings(
  block: ImportBlock,
  aliases: ReadonlySet<string>,
  isParent: boolean,
): readonly Problem[] {
  const { former, notebook } = block;
  const warnings: Problem[] = [];
  const warn = (cell: ImportCell, code: string, message: string, remedy: string): void =>
    void warnings.push({ code, message, file: notebook, block: former.id, cell: cell.index + 1, remedy });
  const own = block.cells.filter(cell => cell.bookkeeping === undefined);
  const code = own.filter(cell => cell.kind === 'code');

  for (const cell of own)
    if (cell.isMarked)
      warn(
        cell,
        'import-marked',
        'metadata of the cell speaks of dagpy in a way that it did not use',
        'it is kept',
      );
  for (const cell of block.cells) {
    if (cell.bookkeeping !== 'input_filter' && cell.bookkeeping !== 'output_filter') continue;
    for (const line of cell.source.split(/\r\n|[\r\n]/).map(text => text.trimEnd())) {
      if (line === '' || GENERATED.some(form => form.test(line))) continue;
      const [, name, file] = LOAD.exec(line) ?? [];
      if (name === undefined || file === undefined) {
        warn(
          cell,
          'import-own-line',
          `a cell that dagpy generated has a line of its own: ${line.trim().slice(0, 80)}`,
          `it is left out; put it into a cell of ${former.id} where it is needed`,
        );
      } else if (!aliases.has(name)) {
        warn(
          cell,
          'import-stale-input',
          `${former.id} loads ${name} from ${file}, which no filter of its parents hands on`,
          `it is left out; where ${former.id} reads it, link the block that makes it: dagpy link PARENT ${former.id} --use VARIABLE=${name}`,
        );
      }
    }
  }
  const imports = code.some(cell => /^\s*(?:import|from)\s[^#\n]*\bdill\b/m.test(cell.source));
  for (const cell of code) {
    if (!imports && /\bdill\.\w/.test(cell.source))
      warn(
        cell,
        'import-dill',
        'the cell uses dill, which the generated cells imported',
        'add a line: import dill',
      );
    if (/\.dill\b/.test(cell.source))
      warn(
        cell,
        'import-cache-read',
        'the cell names a cache file of the original, which is never written again',
        'link the block that makes the value, and read the variable',
      );
    if (/\bstart_new_dagpy_block\b/.test(cell.source))
      warn(
        cell,
        'import-header',
        'the cell calls start_new_dagpy_block, which is not there any more',
        'take the line out; a new block is made with: dagpy add ID --parents A,B',
      );
    if (isParent && SETTINGS.test(cell.source))
      warn(
        cell,
        'import-setting',
        `the cell changes a setting of its process, which the children of ${former.id} start with here; the original started them afresh`,
        'set it back at the end of the block where that matters',
      );
  }
  return warnings;
}
