// Lets Node run the sources as they are: `node --import ./scripts/typescript.mjs --test test/engine/plan.test.ts`.
// What Node's own type stripping lacks: parameter properties, and that `./plan.js` in an import means `./plan.ts`.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

process.setSourceMapsEnabled(true);
const transform = withoutWarnings(stripTypeScriptTypes);

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (/^\.{1,2}\//.test(specifier) && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      try {
        return nextResolve(`${specifier.slice(0, -3)}.ts`, context);
      } catch (error) {
        if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      }
    }
    return nextResolve(specifier, context);
  },
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    const source = transform(readFileSync(fileURLToPath(url), 'utf8'), {
      mode: 'transform',
      sourceMap: true,
      sourceUrl: url,
    });
    return { format: 'module', source, shortCircuit: true };
  },
});

/** `call` without the notice that it is experimental, which would stand above every test's output. */
function withoutWarnings(call) {
  return (...args) => {
    const { emitWarning } = process;
    process.emitWarning = () => {};
    try {
      return call(...args);
    } finally {
      process.emitWarning = emitWarning;
    }
  };
}
