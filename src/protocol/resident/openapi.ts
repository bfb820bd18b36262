/** The OpenAPI 3.1 description of the daemon's HTTP interface, made from the table of calls. */
import type { Json } from '../dagFile.js';
import { callNames, callTable, inProject, toldRun } from './callTable.js';
import type { Schema } from './schema.js';
import { problem } from './viewSchemas.js';

const PROBLEMS = { $ref: '#/components/schemas/Problems' };

const content = (schema: Json): Json => ({ 'application/json': { schema } });
const refusal = (description: string): Json => ({ description, content: content(PROBLEMS) });

const refusals: { readonly [status: string]: Json } = {
  '400': refusal('The call is wrong, or the project does not allow it: what to do stands in `remedy`.'),
  '401': refusal('The secret is missing.'),
  '403': refusal('The secret is wrong.'),
  '413': refusal('The body is too large.'),
  '500': refusal('A bug of the daemon.'),
};

function call(name: string, description: string, parameters: Schema<unknown>, answer: Json): Json {
  return {
    post: {
      operationId: name,
      summary: description,
      requestBody: { required: true, content: content(parameters.json) },
      responses: { '200': answer, ...refusals },
    },
  };
}

/** @param program its version */
export function openApi(program: string): Json {
  const calls = callNames.map(name => {
    const { description, parameters, result } = callTable[name];
    const answer = { description: 'The answer.', content: content(result.json) };
    return [`/v1/calls/${name}`, call(name, description, parameters, answer)] as const;
  });
  const lines = {
    description: 'One JSON text a line: `event` for what happens, `end` at the end.',
    content: { 'application/x-ndjson': { schema: { type: 'object' } } },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'DAGpy',
      version: program,
      description:
        'Blocks of notebooks as one DAG. Views of projects as they change come over the WebSocket /v1/stream.',
    },
    security: [{ secret: [] }],
    paths: {
      ...Object.fromEntries(calls),
      '/v1/runs': call('runAndTell', 'Runs blocks and streams what happens.', toldRun, lines),
      '/v1/turns': call(
        'giveTurn',
        'Waits until nothing runs; nothing does from the line `turn` on until the connection is closed.',
        inProject,
        lines,
      ),
      '/v1/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This description.',
          responses: { '200': { description: 'OpenAPI 3.1.', content: content({ type: 'object' }) } },
        },
      },
    },
    components: {
      securitySchemes: { secret: { type: 'apiKey', in: 'header', name: 'X-Dagpy-Secret' } },
      schemas: {
        Problem: problem.json,
        Problems: {
          type: 'object',
          properties: {
            problems: { type: 'array', items: { $ref: '#/components/schemas/Problem' } },
          },
          required: ['problems'],
        },
      },
    },
  };
}
