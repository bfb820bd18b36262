/** Colour and shape on a terminal: one glyph a state, never colour alone. */
import { styleText } from 'node:util';
import type { BlockState } from '../../protocol/states.js';

export type Format = Parameters<typeof styleText>[0];

export interface Style {
  readonly colour: boolean;
  paint(format: Format, text: string): string;
}

/** Colour only on a terminal; `NO_COLOR` and `TERM=dumb` are honoured. */
export function styleFor(stream: { readonly isTTY: boolean }, environment: NodeJS.ProcessEnv): Style {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  const colour = stream.isTTY && !refused;
  return {
    colour,
    paint: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text),
  };
}

const GLYPHS: { readonly [State in BlockState]: readonly [glyph: string, format: Format] } = {
  fresh: ['✓', 'green'],
  stale: ['◆', 'yellow'],
  affected: ['◇', 'yellow'],
  queued: ['•', 'yellow'],
  running: ['◐', 'blue'],
  failed: ['■', 'red'],
  never: ['○', 'gray'],
  blocked: ['⊘', 'gray'],
  frozen: ['❄', 'cyan'],
};

export function glyph(style: Style, state: BlockState): string {
  const [shape, format] = GLYPHS[state];
  return style.paint(format, shape);
}

export function stateWord(style: Style, state: BlockState): string {
  return style.paint(GLYPHS[state][1], state);
}

export const stateFormat = (state: BlockState): Format => GLYPHS[state][1];

export { bytes, duration } from '../../protocol/amounts.js';

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** With what turns the direction of writing, by which a name looks like another one. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters of names and messages must not reach the terminal as commands. */
export function printable(text: string): string {
  return text.replace(CONTROL, char => {
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

const LONGEST_NAME = 160;

/** Names and reasons inside a line: whatever they hold, the line stays one line. */
export function oneLine(text: string): string {
  const flat = printable(text.replace(/\s+/g, ' '));
  return flat.length > LONGEST_NAME ? `${flat.slice(0, LONGEST_NAME - 1)}…` : flat;
}
