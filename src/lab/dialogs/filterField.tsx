/** Chooses what a block hands on: by itself, chosen variables and globs, or the whole session. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, useState, type ReactElement } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { FilterView } from '../../protocol/resident/view.js';

export interface Variable {
  readonly name: string;
  readonly type: string | null;
  readonly bytes: number | null;
  /** Blocks that read it. */
  readonly readers: readonly string[];
  /** Why it is not handed on now; empty where it is. */
  readonly remark: string;
}

const isGlob = (pattern: string): boolean => /[*?[\]]/.test(pattern);

/** Names and globs as they are typed, one or several. */
export const patternsIn = (text: string): readonly string[] =>
  text.split(/[\s,]+/).filter(pattern => pattern !== '');

/** What is wrong with a pattern; empty: nothing. */
function patternTrouble(patterns: readonly string[], trans: TranslationBundle): string {
  const wrong = patterns.find(pattern => !/^[\p{L}_*?[][\p{L}\p{N}\p{M}_*?[\]!-]*$/u.test(pattern));
  return wrong === undefined
    ? ''
    : trans.__('%1 is neither a variable nor a pattern such as stats_*.', wrong);
}

export const FilterField = ({
  value,
  variables,
  change,
  trans,
}: {
  readonly value: FilterView;
  readonly variables: readonly Variable[];
  /** `null`: what is chosen can not be taken. */
  readonly change: (filter: FilterView | null) => void;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const group = useId();
  const [kind, setKind] = useState(value.kind);
  const known = new Set(variables.map(({ name }) => name));
  const given = value.kind === 'names' ? value.patterns : [];
  const [names, setNames] = useState<ReadonlySet<string>>(
    value.kind === 'names'
      ? new Set(given.filter(pattern => known.has(pattern)))
      : new Set(variables.filter(({ remark }) => remark === '').map(({ name }) => name)),
  );
  const [more, setMore] = useState(given.filter(pattern => !known.has(pattern)).join(' '));
  const tell = (next: FilterView['kind'], chosen: ReadonlySet<string>, typed: string): void => {
    const patterns = [
      ...variables.map(({ name }) => name).filter(name => chosen.has(name)),
      ...patternsIn(typed),
    ];
    if (next !== 'names') change({ kind: next });
    else change(patternTrouble(patterns, trans) === '' ? { kind: 'names', patterns } : null);
  };
  const choices: readonly (readonly [FilterView['kind'], string, string])[] = [
    ['auto', trans.__('By itself'), trans.__('What later blocks read, and whatever is small')],
    ['off', trans.__('Whole session'), trans.__('Children start from everything this block leaves behind')],
    ['names', trans.__('Chosen variables'), trans.__('Only these; the rest stays in the block')],
  ];
  const trouble = kind === 'names' ? patternTrouble(patternsIn(more), trans) : '';
  return (
    <fieldset className="dagpy-Field dagpy-FilterField">
      <legend>{trans.__('Hands on')}</legend>
      {choices.map(([choice, label, caption]) => (
        <label key={choice} className="dagpy-Choice">
          <input
            type="radio"
            name={group}
            value={choice}
            checked={kind === choice}
            onChange={() => {
              setKind(choice);
              tell(choice, names, more);
            }}
          />
          <span>{label}</span>
          <span className="dagpy-Choice-caption">{caption}</span>
        </label>
      ))}
      {kind === 'names' && (
        <div className="dagpy-Variables">
          {variables.length > 0 && (
            <ul aria-label={trans.__('Variables')}>
              {variables.map(variable => (
                <li key={variable.name}>
                  <label className="dagpy-Variable">
                    <input
                      type="checkbox"
                      data-variable={variable.name}
                      checked={names.has(variable.name)}
                      onChange={({ target }) => {
                        const next = new Set(names);
                        if (target.checked) next.add(variable.name);
                        else next.delete(variable.name);
                        setNames(next);
                        tell(kind, next, more);
                      }}
                    />
                    <code>{variable.name}</code>
                    <span className="dagpy-Variable-facts">
                      {[
                        variable.type ?? '',
                        variable.bytes === null ? '' : bytes(variable.bytes),
                        variable.readers.length === 0
                          ? ''
                          : trans.__('read by %1', variable.readers.join(', ')),
                        variable.remark,
                      ]
                        .filter(fact => fact !== '')
                        .join(' · ')}
                    </span>
                  </label>
                </li>
              ))}
            </ul>
          )}
          <label className="dagpy-Field">
            <span>{trans.__('Further names and patterns')}</span>
            <input
              type="text"
              className="jp-mod-styled"
              placeholder="stats_*"
              value={more}
              spellCheck={false}
              aria-invalid={trouble !== ''}
              onChange={({ target }) => {
                setMore(target.value);
                tell(kind, names, target.value);
              }}
            />
          </label>
          {trouble !== '' && (
            <div className="dagpy-Trouble" role="alert">
              {trouble}
            </div>
          )}
          {[...names].length === 0 && !patternsIn(more).some(isGlob) && patternsIn(more).length === 0 && (
            <div className="dagpy-Hint">{trans.__('Nothing is chosen: the block hands on nothing.')}</div>
          )}
        </div>
      )}
    </fieldset>
  );
};
