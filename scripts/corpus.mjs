// `npm run test:corpus`: every notebook of the corpus, split, run, edited and compared; writes docs/corpus.md.
import { root, run, start, venvBin } from './tools.mjs';
import { build } from './build.mjs';
import { setup } from './setup.mjs';

await start(async () => {
  await setup();
  await build({ types: false });
  const words = process.argv.slice(2);
  const { code } = await run(
    venvBin('python'),
    [
      '-m',
      'pytest',
      '-v',
      'test/end-to-end/test_corpus.py',
      ...(words.length > 0 ? ['-k', words.join(' or ')] : []),
    ],
    { env: { DAGPY_CORPUS: 'all' }, cwd: root },
  );
  return code;
});
