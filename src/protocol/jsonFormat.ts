/** Writing JSON values in the layout of the file they go into. */

export interface JsonStyle {
  readonly newline: string;
  /** One step of indentation; `null`: everything on one line. */
  readonly unit: string | null;
}

/**
 * JSON as Python's `json.dumps(..., sort_keys=True, ensure_ascii=False)` writes it, which is how notebooks are kept.
 * @param indent of the line that the value starts on
 * @param keepOrder of keys instead of sorting them by code point
 */
export function formatJson(value: unknown, style: JsonStyle, indent = '', keepOrder = false): string {
  if (Array.isArray(value)) {
    return wrap('[', ']', style, indent, inner =>
      value.map(item => formatJson(item, style, inner, keepOrder)),
    );
  }
  if (typeof value === 'object' && value !== null) {
    const object = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(object).filter(key => object[key] !== undefined);
    if (!keepOrder) keys.sort(byCodePoint);
    return wrap('{', '}', style, indent, inner =>
      keys.map(key => `${JSON.stringify(key)}: ${formatJson(object[key], style, inner, keepOrder)}`),
    );
  }
  return formatScalar(value);
}

/** On one line where it fits into `width`, else one entry a line; `expanded` paths always have one entry a line. */
export function formatShort(value: unknown, style: JsonStyle, indent: string, width: number): string {
  const line = formatLine(value);
  if (style.unit === null || indent.length + line.length <= width) return line;
  if (Array.isArray(value)) {
    return wrap('[', ']', style, indent, inner => value.map(item => formatShort(item, style, inner, width)));
  }
  if (typeof value === 'object' && value !== null) {
    return wrap('{', '}', style, indent, inner =>
      Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}: ${formatShort(item, style, inner, width)}`,
      ),
    );
  }
  return line;
}

function formatLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatLine).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return '{}';
    return `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${formatLine(item)}`).join(', ')} }`;
  }
  return formatScalar(value);
}

function wrap(
  open: string,
  close: string,
  style: JsonStyle,
  indent: string,
  entries: (inner: string) => readonly string[],
): string {
  if (style.unit === null) return open + entries(indent).join(', ') + close;
  const inner = indent + style.unit;
  const lines = entries(inner);
  if (lines.length === 0) return open + close;
  const separator = style.newline + inner;
  return open + separator + lines.join(`,${separator}`) + style.newline + indent + close;
}

function formatScalar(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  // What kernels do with numbers that JSON does not have.
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? '"nan"' : value > 0 ? '"inf"' : '"-inf"';
  }
  if (Object.is(value, -0)) return '-0.0';
  return JSON.stringify(value ?? null);
}

/** Python's order of strings: by code point, where UTF-16 code units order astral characters differently. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) {
      const leftHigh = left >= 0xd800 && left <= 0xdfff;
      const rightHigh = right >= 0xd800 && right <= 0xdfff;
      if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
      return left - right;
    }
  }
  return a.length - b.length;
}
