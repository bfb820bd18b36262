/** The list of blocks: a tree of one level, of which only the rows in sight are drawn. */
import {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type DragEvent,
  type KeyboardEvent,
  type ReactElement,
} from 'react';
import type { ProjectView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { fileOf } from '../commands/context.js';
import { showProblems } from '../problems.js';
import { selectedIn } from '../selection.js';
import type { IProjectModel } from '../tokens.js';
import { Row, ROW_HEIGHT, type Drop, type RowEvents } from './blockRow.js';
import type { SidebarContext } from './context.js';
import { railWidth } from './railPicture.js';
import { blockRows, reordered, typedAhead } from './rows.js';

/** Rows drawn above and below those in sight. */
const OVERSCAN = 6;
const TYPING_MILLISECONDS = 800;

export const BlockList = ({
  context,
  project,
  view,
  filter,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly view: ProjectView;
  /** Part of the names that are listed; empty: all. */
  readonly filter: string;
}): ReactElement => {
  const { commands, selection, trans } = context;
  const prefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const [window, setWindow] = useState({ top: 0, height: 600 });
  const [editing, setEditing] = useState<string | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [drop, setDrop] = useState<{ readonly id: string; readonly how: Drop } | null>(null);
  const typing = useRef({ text: '', at: 0 });

  // States change all the time; what rails are made of, seldom.
  const structure = view.blocks
    .map(({ id, parents, after }) => [id, ...parents.map(({ block }) => block), '', ...after].join(' '))
    .join('\n');
  const all = useMemo(() => blockRows(view.blocks), [structure]);
  const rows = useMemo(
    () =>
      filter === ''
        ? all
        : all
            .filter(({ id }) => id.toLowerCase().includes(filter.toLowerCase()))
            .map(({ id }) => ({ id, rail: null })),
    [all, filter],
  );
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const width = useMemo(() => railWidth(rows), [rows]);
  /** As it is by now: keys may come faster than rows are drawn. */
  const chosenNow = (): { selected: readonly string[]; current: string | undefined; place: number } => {
    const selected = selectedIn(selection, project);
    const current = selected.at(-1);
    return { selected, current, place: current === undefined ? -1 : ids.indexOf(current) };
  };
  const { selected, current, place } = chosenNow();

  useLayoutEffect(() => {
    const node = list.current;
    if (node === null) return undefined;
    const measure = (): void => setWindow({ top: node.scrollTop, height: node.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  // The current row comes into sight, whoever selected it.
  useEffect(() => {
    const node = list.current;
    if (node === null || place < 0) return;
    const top = place * ROW_HEIGHT;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + ROW_HEIGHT > node.scrollTop + node.clientHeight)
      node.scrollTop = top + ROW_HEIGHT - node.clientHeight;
  }, [current, place, window.height]);

  const select = useCallback(
    (next: readonly string[]) => selection.select(project, next),
    [selection, project],
  );
  const canEdit = !view.isReadOnly;

  const events = useMemo<RowEvents>(
    () => ({
      press(event, id) {
        const now = selectedIn(selection, project);
        // A context menu is about all selected rows, if it is opened on one of them.
        if (event.button !== 0 && now.includes(id)) return;
        if (event.ctrlKey || event.metaKey)
          select(now.includes(id) ? now.filter(other => other !== id) : [...now, id]);
        else if (event.shiftKey) select(rangeTo(ids, now, id));
        else select([id]);
      },
      open: id => void commands.execute(CommandIds.openBlock, { project: project.path, block: id }),
      renamed(id, to) {
        setEditing(before => {
          if (before === id && to !== null && to !== id)
            void commands.execute(CommandIds.renameBlock, { project: project.path, block: id, to });
          return null;
        });
        list.current?.focus();
      },
      dragged: setDragged,
      over(event, id) {
        const moving = dragged;
        if (moving === null) return;
        const how = dropAt(event);
        const isPossible =
          how === 'link'
            ? moving !== id
            : reordered(view.blocks, moving, how === 'before' ? id : (ids[ids.indexOf(id) + 1] ?? null)) !==
              null;
        setDrop(before =>
          !isPossible ? null : before?.id === id && before.how === how ? before : { id, how },
        );
        if (!isPossible) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = how === 'link' ? 'link' : 'move';
      },
      dropped(event, id) {
        event.preventDefault();
        const moving = dragged;
        setDrop(null);
        setDragged(null);
        if (moving === null) return;
        const how = dropAt(event);
        if (how === 'link') {
          void commands.execute(CommandIds.linkBlocks, { project: project.path, parent: moving, child: id });
          return;
        }
        const before = how === 'before' ? id : (ids[ids.indexOf(id) + 1] ?? null);
        const order = reordered(view.blocks, moving, before);
        if (order === null) return;
        project
          .call('reorderBlocks', { order })
          .catch((error: unknown) => showProblems(trans.__('Could not move'), error, trans));
      },
      ended() {
        setDragged(null);
        setDrop(null);
      },
    }),
    [commands, project, selection, select, ids, dragged, view.blocks, trans],
  );

  const go = (to: number, isExtending: boolean): void => {
    const id = ids[Math.max(0, Math.min(ids.length - 1, to))];
    if (id === undefined) return;
    const { selected, current } = chosenNow();
    if (isExtending && current !== undefined) select([...selected.filter(other => other !== id), id]);
    else select([id]);
  };

  /** Row of the block whose notebook is in front. */
  const inFront = (): number => {
    const path = context.notebookPath();
    const file = path === null ? null : fileOf(project, path);
    return ids.indexOf(view.blocks.find(({ notebook }) => notebook === file)?.id ?? '');
  };

  const execute = (id: string): void => {
    if (chosenNow().current !== undefined && commands.isEnabled(id, {})) void commands.execute(id, {});
  };

  /** At the current row. The browser would open it in the middle of the list, and by Shift+F10 its own one. */
  const openMenu = (): void => {
    const row = current === undefined ? null : document.getElementById(elementId(current));
    if (row === null) return;
    const { menuCloses } = context;
    const comeBack = (): void => {
      menuCloses.disconnect(comeBack);
      list.current?.focus();
    };
    menuCloses.connect(comeBack);
    const { left, bottom } = row.getBoundingClientRect();
    row.dispatchEvent(
      new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: left + 24, clientY: bottom }),
    );
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey) return;
    const { current, place } = chosenNow();
    const page = Math.max(1, Math.floor(window.height / ROW_HEIGHT) - 1);
    const steps: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place < 0 ? 0 : place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: ids.length - 1,
    };
    const step = steps[key];
    if (event.altKey) {
      if (key === 'ArrowUp') execute(CommandIds.moveUp);
      else if (key === 'ArrowDown') execute(CommandIds.moveDown);
      else return;
    } else if (asksForMenu(event)) openMenu();
    else if (step !== undefined) go(step, event.shiftKey);
    else if (key === 'Enter') execute(CommandIds.openBlock);
    else if (key === 'Delete' || key === 'Backspace') execute(CommandIds.removeBlock);
    else if (key === 'F2') {
      if (current !== undefined && canEdit) setEditing(current);
    } else if (key.length === 1 && key !== ' ') {
      const at = event.timeStamp;
      const text = at - typing.current.at < TYPING_MILLISECONDS ? typing.current.text + key : key;
      typing.current = { text, at };
      const found = typedAhead(ids, text, place);
      if (found >= 0) go(found, false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const first = Math.max(0, Math.floor(window.top / ROW_HEIGHT) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((window.top + window.height) / ROW_HEIGHT) + OVERSCAN);
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, offset) => first + offset);
  // What has the focus for screen readers must be there.
  if (place >= 0 && (place < first || place >= last)) drawn.push(place);
  const elementId = (id: string): string => `${prefix}${id}`;

  return (
    <div
      ref={list}
      className="dagpy-BlockList"
      role="tree"
      aria-label={trans.__('Blocks of %1', view.name)}
      aria-multiselectable="true"
      aria-activedescendant={place < 0 || current === undefined ? undefined : elementId(current)}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight } }) =>
        setWindow({ top: scrollTop, height: clientHeight })
      }
      onFocus={({ target, currentTarget }) => {
        // A click has selected its row already.
        const isChosen = selectedIn(selection, project).length > 0;
        if (target === currentTarget && !isChosen) go(Math.max(0, inFront()), false);
      }}
      onKeyDown={onKeyDown}
      onKeyUp={event => {
        // On Windows a menu opens as the key is let go.
        if (asksForMenu(event)) event.preventDefault();
      }}
    >
      <div role="none" className="dagpy-BlockList-all" style={{ height: rows.length * ROW_HEIGHT }}>
        {drawn.map(index => {
          const row = rows[index];
          const block = row === undefined ? undefined : project.block(row.id);
          return row === undefined || block === undefined ? null : (
            <Row
              key={row.id}
              row={row}
              block={block}
              project={project}
              elementId={elementId(row.id)}
              place={index}
              count={rows.length}
              width={width}
              isSelected={selected.includes(row.id)}
              isCurrent={row.id === current}
              isEditing={editing === row.id}
              canEdit={canEdit}
              drop={drop?.id === row.id ? drop.how : null}
              dragged={drop?.id === row.id ? dragged : null}
              events={events}
              trans={trans}
            />
          );
        })}
      </div>
    </div>
  );
};

const asksForMenu = ({ key, shiftKey }: KeyboardEvent): boolean =>
  key === 'ContextMenu' || (key === 'F10' && shiftKey);

/** The upper and the lower quarter of a row are between rows. */
function dropAt(event: DragEvent): Drop {
  const { top, height } = event.currentTarget.getBoundingClientRect();
  const part = (event.clientY - top) / height;
  return part < 0.25 ? 'before' : part > 0.75 ? 'after' : 'link';
}

/** From the current row to another one, which becomes the current one. */
function rangeTo(ids: readonly string[], selected: readonly string[], id: string): readonly string[] {
  const from = ids.indexOf(selected.at(-1) ?? id);
  const to = ids.indexOf(id);
  const range = ids.slice(Math.min(from, to), Math.max(from, to) + 1);
  return from <= to ? range : range.reverse();
}
