/** Headings of a markdown cell, as CommonMark reads them. */

export interface Heading {
  readonly level: number;
  readonly text: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const ATX = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const HTML = /^\s*<h([1-6])\b[^>]*>(.*?)<\/h\1>/i;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
/** Lines that an underline does not turn into a heading. */
const NO_PARAGRAPH = /^(?: {4,}|\t| {0,3}(?:>|[-*+][ \t]|\d{1,9}[.)][ \t]|\||#{1,6}(?:[ \t]|$)))/;

export function headings(markdown: string): readonly Heading[] {
  const found: Heading[] = [];
  let fence: string | null = null;
  let paragraph: string[] = [];
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line);
    if (fence !== null) {
      if (mark?.[1]?.startsWith(fence) && mark[2]?.trim() === '') fence = null;
      continue;
    }
    if (mark?.[1] !== undefined && !(mark[1].startsWith('`') && mark[2]?.includes('`'))) {
      fence = mark[1];
      paragraph = [];
      continue;
    }
    const underline = UNDERLINE.exec(line);
    if (underline?.[1] !== undefined && paragraph.length > 0) {
      found.push({ level: underline[1].startsWith('=') ? 1 : 2, text: plain(paragraph.join(' ')) });
      paragraph = [];
      continue;
    }
    const heading = ATX.exec(line) ?? HTML.exec(line);
    if (heading?.[1] !== undefined) {
      const level = heading[1].startsWith('#') ? heading[1].length : Number(heading[1]);
      found.push({ level, text: plain(heading[2] ?? '') });
      paragraph = [];
    } else if (line.trim() === '' || NO_PARAGRAPH.test(line)) {
      paragraph = [];
    } else {
      paragraph.push(line.trim());
    }
  }
  return found;
}

/** The text without links, tags, emphasis and formulas' signs. */
function plain(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, '')
    .replace(/[*`$\\{}]/g, '')
    .trim();
}
