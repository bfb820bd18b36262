/** Texts as they are written, for tests: what Lab's own translator gives in English. */
import type { TranslationBundle } from '@jupyterlab/translation';

const filled = (text: string, ...values: readonly unknown[]): string =>
  text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1]));

const chosen = (one: string, many: string, count: number, ...values: readonly unknown[]): string =>
  filled(count === 1 ? one : many, count, ...values);

export const trans: TranslationBundle = {
  __: filled,
  gettext: filled,
  _n: chosen,
  ngettext: chosen,
  _p: (_, text, ...values: readonly unknown[]) => filled(text, ...values),
  pgettext: (_, text, ...values: readonly unknown[]) => filled(text, ...values),
  _np: (_, one, many, count, ...values: readonly unknown[]) => chosen(one, many, count, ...values),
  npgettext: (_, one, many, count, ...values: readonly unknown[]) => chosen(one, many, count, ...values),
  dcnpgettext: (_, __, one, many, count, ...values: readonly unknown[]) =>
    chosen(one, many, count, ...values),
};
