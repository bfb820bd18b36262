// Writes docs/dag.schema.json, the published JSON Schema of dag.json, from the decoder's own schema.
// A test compares the two, so it is current wherever `npm test` passes.
//   node --import ./scripts/typescript.mjs scripts/dagSchema.mjs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { toJsonSchema } from '@valibot/to-json-schema';
import { LONGEST_ID } from '../src/protocol/dagFileCodec/names.ts';
import { dagFileSchema } from '../src/protocol/dagFileCodec/schema.ts';
import { isMain, root } from './tools.mjs';

export const schemaFile = join(root, 'docs', 'dag.schema.json');

/** Text of the schema as it should stand in the repository. */
export async function schemaText() {
  const schema = toJsonSchema(dagFileSchema, {
    target: 'draft-07',
    // Rules with messages of their own have no counterpart; the patterns of ids and units do.
    ignoreActions: ['raw_check', 'check'],
  });
  const { $schema, ...rest } = schema;
  // Coarser than the decoder's rule: not every validator knows classes of Unicode characters.
  rest.properties.blocks.propertyNames = { pattern: '^[^\\s/\\\\._-][^\\s/\\\\]*$', maxLength: LONGEST_ID };
  return format(JSON.stringify({ $schema, title: 'dag.json of DAGpy', ...rest }), {
    parser: 'json',
    printWidth: 110,
  });
}

if (isMain(import.meta.url)) {
  writeFileSync(schemaFile, await schemaText());
}
