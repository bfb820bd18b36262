/** One block in the list. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { memo, useEffect, useRef, useState, type DragEvent, type MouseEvent, type ReactElement } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { BlockView } from '../../protocol/resident/view.js';
import { nameTrouble } from '../dialogs/blockName.js';
import type { IProjectModel } from '../tokens.js';
import { blockLabel, clock, duration, reasonsOf, reasonText } from '../words.js';
import { useSeconds } from './context.js';
import { RailPicture } from './railPicture.js';
import type { BlockRow } from './rows.js';

export const ROW_HEIGHT = 40;

/** Where a dragged block would go: before or after the row, or linked to it. */
export type Drop = 'before' | 'after' | 'link';

export interface RowEvents {
  press(event: MouseEvent, id: string): void;
  open(id: string): void;
  renamed(id: string, to: string | null): void;
  dragged(id: string): void;
  over(event: DragEvent, id: string): void;
  dropped(event: DragEvent, id: string): void;
  ended(): void;
}

export interface RowProps {
  readonly row: BlockRow;
  readonly block: BlockView;
  readonly project: IProjectModel;
  readonly elementId: string;
  readonly place: number;
  readonly count: number;
  readonly width: number;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly isEditing: boolean;
  readonly canEdit: boolean;
  readonly drop: Drop | null;
  /** Id of the block that is dragged. */
  readonly dragged: string | null;
  readonly events: RowEvents;
  readonly trans: TranslationBundle;
}

export const Row = memo(function Row(props: RowProps): ReactElement {
  const { row, block, project, place, events, trans, drop, dragged } = props;
  const { id, state } = block;
  const reason =
    drop === 'link' && dragged !== null
      ? trans.__('gets what %1 hands on', dragged)
      : reasonText(block, trans);
  const classes = [
    'dagpy-Row',
    `dagpy-mod-${state}`,
    props.isSelected ? 'dagpy-mod-selected' : '',
    props.isCurrent ? 'dagpy-mod-current' : '',
    drop === null ? '' : `dagpy-mod-drop-${drop}`,
  ];
  return (
    <div
      id={props.elementId}
      role="treeitem"
      aria-level={1}
      aria-posinset={place + 1}
      aria-setsize={props.count}
      aria-selected={props.isSelected}
      aria-label={blockLabel(block, trans)}
      className={classes.join(' ')}
      style={{ top: place * ROW_HEIGHT, height: ROW_HEIGHT }}
      data-block={id}
      data-state={state}
      data-reason={reasonText(block, trans)}
      title={titleOf(block, trans)}
      draggable={props.canEdit && !props.isEditing}
      onMouseDown={event => events.press(event, id)}
      onDoubleClick={() => events.open(id)}
      onDragStart={event => {
        event.dataTransfer.setData('text/plain', id);
        event.dataTransfer.effectAllowed = 'linkMove';
        events.dragged(id);
      }}
      onDragOver={event => events.over(event, id)}
      onDrop={event => events.dropped(event, id)}
      onDragEnd={() => events.ended()}
    >
      <RailPicture rail={row.rail} state={state} width={props.width} height={ROW_HEIGHT} />
      <div className="dagpy-Row-text">
        {props.isEditing ? (
          <NameField block={id} project={project} trans={trans} done={to => events.renamed(id, to)} />
        ) : (
          <div className="dagpy-Row-name">{id}</div>
        )}
        <div className="dagpy-Row-reason">{block.isPrelude ? trans.__('%1 · prelude', reason) : reason}</div>
      </div>
      <Figures block={block} trans={trans} />
    </div>
  );
});

const titleOf = (block: BlockView, trans: TranslationBundle): string =>
  [blockLabel(block, trans), ...reasonsOf(block).slice(1), block.notebook].join('\n');

const Figures = ({
  block: { state, seconds, bytes: size, progress },
  trans,
}: {
  readonly block: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const isRunning = state === 'running' && progress !== null;
  useSeconds(isRunning);
  return (
    <div className="dagpy-Row-figures">
      <div>
        {isRunning
          ? clock((Date.now() - progress.since) / 1000)
          : seconds === null
            ? ''
            : duration(seconds, trans)}
      </div>
      <div>{isRunning || size === null || size === 0 ? '' : bytes(size)}</div>
    </div>
  );
};

const NameField = ({
  block,
  project,
  trans,
  done,
}: {
  readonly block: string;
  readonly project: IProjectModel;
  readonly trans: TranslationBundle;
  /** `null`: as it was. */
  readonly done: (to: string | null) => void;
}): ReactElement => {
  const [name, setName] = useState(block);
  const field = useRef<HTMLInputElement>(null);
  const trouble = nameTrouble(name, project, trans, block);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return (
    <input
      ref={field}
      type="text"
      className="dagpy-Row-field"
      aria-label={trans.__('New name of %1', block)}
      aria-invalid={trouble !== ''}
      title={trouble}
      value={name}
      spellCheck={false}
      onMouseDown={event => event.stopPropagation()}
      onChange={({ target }) => {
        setName(target.value.trim());
        target.setCustomValidity(nameTrouble(target.value.trim(), project, trans, block));
      }}
      onBlur={() => done(trouble === '' ? name : null)}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Escape') done(null);
        else if (event.key === 'Enter') {
          if (trouble === '') done(name);
          else event.currentTarget.reportValidity();
        }
      }}
    />
  );
};
