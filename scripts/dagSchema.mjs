// Writes docs/dag.schema.json, the published JSON Schema of dag.json, from the decoder's own schema.
// A test compares the two, so it is current wherever `npm test` passes.
//   node --import ./scripts/typescript.mjs scripts/dagSchema.mjs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { LONGEST_ID } from '../src/protocol/dagFileCodec/names.ts';
import { dagFileSchema } from '../src/protocol/dagFileCodec/schema.ts';
import { isMain, root } from './tools.mjs';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

export const schemaFile = join(root, 'docs', 'dag.schema.json');

/** Text of the schema as it should stand in the repository. */
export async function schemaText() {
  // Messages and rules of our own have no counterpart; the patterns of ids and units do.
  const published = JSON.parse(
    JSON.stringify(dagFileSchema, (key, value) =>
      key === 'must' && typeof value === 'string' ? undefined : value,
    ),
  );
  // Coarser than the decoder's rule: not every validator knows classes of Unicode characters.
  published.properties.blocks.propertyNames = {
    pattern: '^[^\\s/\\\\._-][^\\s/\\\\]*$',
    maxLength: LONGEST_ID,
  };
  return format(JSON.stringify({ $schema: DRAFT, title: 'dag.json of DAGpy', ...published }), {
    parser: 'json',
    printWidth: 110,
  });
}

if (isMain(import.meta.url)) {
  writeFileSync(schemaFile, await schemaText());
}
