/** What the table of commands is made of, and the types that follow from it. */

interface OptionBase {
  /** One letter, without its dash. */
  readonly short?: string;
  readonly summary: string;
}

export type OptionSpec =
  | (OptionBase & { readonly kind: 'flag' })
  /** `value` is how help names the value. */
  | (OptionBase & { readonly kind: 'text'; readonly value: string })
  /** A whole number from 1. */
  | (OptionBase & { readonly kind: 'count'; readonly value: string })
  | (OptionBase & { readonly kind: 'choice'; readonly value: string; readonly choices: readonly string[] })
  /** Several in one word, with commas. */
  | (OptionBase & { readonly kind: 'list'; readonly value: string })
  /** May be given several times. */
  | (OptionBase & { readonly kind: 'repeated'; readonly value: string });

export interface ArgumentSpec {
  readonly name: string;
  readonly summary?: string;
  /** `many` takes all that follow, `some` at least one of them. */
  readonly takes: 'one' | 'optional' | 'some' | 'many';
}

export interface Example {
  readonly call: string;
  readonly does: string;
}

export interface CommandSpec {
  /** A few words for the list of commands. */
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  /** By the name in code; `dryRun` is typed as `--dry-run`. */
  readonly options: { readonly [name: string]: OptionSpec };
}

type ValueOf<Option> = Option extends { readonly kind: 'flag' }
  ? boolean
  : Option extends { readonly kind: 'count' }
    ? number
    : Option extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : Option extends { readonly kind: 'list' | 'repeated' }
        ? readonly string[]
        : string;
type Repeated<Options> = {
  [Name in keyof Options]: Options[Name] extends { readonly kind: 'repeated' } ? Name : never;
}[keyof Options];

/** What an action gets of a command's options: repeated ones always, others where they were given. */
export type OptionsOf<Options> = { readonly [Name in Repeated<Options>]: readonly string[] } & {
  readonly [Name in Exclude<keyof Options, Repeated<Options>>]?: ValueOf<Options[Name]>;
};

type Taken<Takes> = Takes extends 'one'
  ? string
  : Takes extends 'optional'
    ? string | undefined
    : readonly string[];

export type ArgumentsOf<Arguments extends readonly ArgumentSpec[]> = {
  readonly [Index in keyof Arguments]: Taken<Arguments[Index]['takes']>;
};

/** `dryRun` as it is typed, without dashes: `dry-run`. */
export const flagOf = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
