/** What a block may be called, told while it is typed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { idProblem } from '../../protocol/dagFileCodec/names.js';
import type { IProjectModel } from '../tokens.js';

/** What is wrong with a name; empty: nothing. @param own the name that the block has already */
export function nameTrouble(
  name: string,
  project: IProjectModel | null,
  trans: TranslationBundle,
  own?: string,
): string {
  if (name === '') return trans.__('A block needs a name.');
  if (name !== own && project?.block(name) !== undefined)
    return trans.__('There is a block %1 already.', name);
  const problem = idProblem(name);
  return problem === undefined ? '' : trans.__('This name %1.', problem);
}
