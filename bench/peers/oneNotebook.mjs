// All blocks in one notebook, run from top to bottom in one kernel: what people do without any tool.
import { join } from 'node:path';
import { programsOf } from '../environments.mjs';
import { wholeNotebook } from '../notebook.mjs';
import { writeNotebook, writeSeed } from '../place.mjs';

/** @type {import('./index.mjs').Tool} */
export const oneNotebook = {
  name: 'nbclient, one notebook',
  about: '`jupyter execute` of one notebook in one kernel; remembers nothing, so everything runs each time',
  environment: 'notebooks',
  write(place, { blocks, seed }) {
    writeSeed(place, seed);
    writeNotebook(place, 'whole', wholeNotebook(blocks));
  },
  command: () => [join(programsOf('notebooks'), 'jupyter-execute'), '--inplace', 'whole.ipynb'],
};
