/** The strip above a block's notebook: what it needs, what of it the kernel has, and the code behind it. */
import { ReactWidget } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PanelLayout, Widget } from '@lumino/widgets';
import type { ReactElement } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { BlockView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { StateGlyph } from '../widgets/stateGlyph.js';
import { blockLabel, duration, listing } from '../words.js';
import { dependencyCells, type DependencyCells } from './dependencyCells.js';
import type { KernelSession } from './kernelSession.js';
import { parentsOf } from './relevant.js';

export interface StripOptions {
  readonly session: KernelSession;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

const MOST_NAMES = 4;

/** Draws anew at every `update`. */
class DrawnWidget extends ReactWidget {
  constructor(private readonly draw: () => ReactElement) {
    super();
  }

  protected override render(): ReactElement {
    return this.draw();
  }
}

export class DependencyStrip extends Widget {
  private cells: DependencyCells | null = null;
  private asked = 0;
  private isShown = false;

  private readonly line: Widget;
  private readonly parts = new PanelLayout();
  /** The header above a notebook gives each of its widgets its least height, and no more. */
  private readonly sizes = new ResizeObserver(() => this.takeHeight());

  constructor(private readonly options: StripOptions) {
    super();
    this.layout = this.parts;
    const { trans, session } = options;
    this.addClass('dagpy-strip');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('What this block needs'));
    const line = new DrawnWidget(() => (
      <StripLine
        {...options}
        isShown={this.isShown}
        toggle={() => void this.toggle()}
        unlock={() => this.unlock()}
      />
    ));
    line.addClass('dagpy-strip-line');
    this.line = line;
    this.parts.addWidget(line);
    this.sizes.observe(line.node);
    session.changed.connect(this.redraw, this);
    this.redraw();
  }

  override dispose(): void {
    this.sizes.disconnect();
    this.cells?.dispose();
    super.dispose();
  }

  /** Nothing is needed, nothing is shown. */
  private redraw(): void {
    const { subject } = this.options.session;
    this.line.update();
    this.setHidden(subject?.kind !== 'block' || subject.block.parents.length === 0);
  }

  private async toggle(): Promise<void> {
    const { session } = this.options;
    const { subject, model, panel } = session;
    this.isShown = !this.isShown;
    const question = (this.asked += 1);
    if (!this.isShown || subject?.kind !== 'block') this.fold();
    else {
      const { content } = await model.call('composeFlow', { blocks: [subject.block.id] });
      if (question !== this.asked || this.isDisposed) return;
      this.cells = dependencyCells(panel, content, subject.block.uid);
      this.parts.addWidget(this.cells.widget);
      this.sizes.observe(this.cells.widget.node);
    }
    this.line.update();
  }

  private fold(): void {
    this.cells?.dispose();
    this.cells = null;
    this.takeHeight();
  }

  private takeHeight(): void {
    const height = this.parts.widgets.reduce((sum, { node }) => sum + node.offsetHeight, 0);
    if (this.node.style.minHeight === `${height}px`) return;
    this.node.style.minHeight = `${height}px`;
    this.parent?.fit();
  }

  private unlock(): void {
    const { session, commands } = this.options;
    const { subject, model } = session;
    if (subject?.kind === 'block')
      void commands.execute(CommandIds.openFlow, { project: model.path, block: subject.block.id });
  }
}

interface LineProps extends StripOptions {
  readonly isShown: boolean;
  toggle(): void;
  unlock(): void;
}

function StripLine({ session, trans, isShown, toggle, unlock }: LineProps): ReactElement | null {
  const { subject, model } = session;
  if (subject?.kind !== 'block' || model.view === null) return null;
  const parents = parentsOf(model.view, subject.block);
  return (
    <>
      <div className="dagpy-strip-row">
        <span className="dagpy-strip-needs">{trans.__('needs')}</span>
        {parents.map(parent => (
          <Needed key={parent.id} parent={parent} trans={trans} />
        ))}
        <span className="dagpy-strip-right">
          <KernelWords session={session} trans={trans} />
          <button
            type="button"
            className="jp-Button jp-mod-minimal dagpy-strip-button"
            aria-expanded={isShown}
            title={trans.__('Shows the cells of the blocks that this one needs, to be read')}
            onClick={toggle}
          >
            {isShown ? trans.__('Hide code') : trans.__('Show code')}
          </button>
          <button
            type="button"
            className="jp-Button jp-mod-minimal dagpy-strip-button"
            title={trans.__('Opens this block with everything it needs in one notebook, to be edited')}
            onClick={unlock}
          >
            {trans.__('Unlock')}
          </button>
        </span>
      </div>
      <Notes session={session} trans={trans} />
    </>
  );
}

function Needed({
  parent,
  trans,
}: {
  readonly parent: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement {
  const named = parent.exports.map(({ name, bytes: size }) =>
    // What is small is not worth a number.
    size >= 1_000_000 ? `${name} (${bytes(size)})` : name,
  );
  const all = parent.exports.map(({ name, type, bytes: size }) => `${name}: ${type}, ${bytes(size)}`);
  return (
    <span
      className="dagpy-strip-parent"
      data-block={parent.id}
      data-state={parent.state}
      title={[blockLabel(parent, trans), ...all].join('\n')}
    >
      <StateGlyph state={parent.state} size={12} />
      <b>{parent.id}</b>
      {named.length > 0 && <span className="dagpy-strip-names"> · {listing(named, trans, MOST_NAMES)}</span>}
    </span>
  );
}

function KernelWords({ session, trans }: Pick<LineProps, 'session' | 'trans'>): ReactElement {
  const { state } = session;
  const load = (
    <button
      type="button"
      className="jp-Button jp-mod-minimal dagpy-strip-button"
      title={trans.__('Gives the kernel the values of the blocks above')}
      onClick={() => void session.load('inputs')}
    >
      {trans.__('Load values')}
    </button>
  );
  const words = ((): string => {
    switch (state.kind) {
      case 'loading':
        return trans.__('restoring values…');
      case 'loaded':
        if (state.names.length === 0) return trans.__('nothing to restore');
        return state.outcome === null
          ? trans.__('values are in the kernel')
          : trans.__(
              '%1 restored in %2',
              listing(state.names, trans, MOST_NAMES),
              duration(state.outcome.milliseconds / 1000, trans),
            );
      case 'failed':
      case 'foreign':
        return trans.__('values are not in the kernel');
      default:
        return '';
    }
  })();
  return (
    <span className="dagpy-strip-kernel" role="status" data-kernel={state.kind}>
      <span className="dagpy-strip-words" title={words}>
        {words}
      </span>
      {(state.kind === 'empty' || state.kind === 'own' || state.kind === 'failed') && load}
    </span>
  );
}

/** What is missing or old, and why; nothing where all is well. */
function Notes({ session, trans }: Pick<LineProps, 'session' | 'trans'>): ReactElement | null {
  const { state } = session;
  const notes: readonly string[] =
    state.kind === 'failed'
      ? state.why
      : state.kind === 'foreign'
        ? [session.obstacle]
        : state.kind === 'loaded'
          ? [
              ...state.notes,
              ...(state.outcome?.failed ?? []).map(({ names, why }) =>
                names.length === 0 ? why : trans.__('%1 could not be restored: %2', names.join(', '), why),
              ),
            ]
          : [];
  if (notes.length === 0) return null;
  return (
    <ul className="dagpy-strip-notes">
      {notes.map(note => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
