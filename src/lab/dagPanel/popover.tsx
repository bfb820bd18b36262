/** What hangs at a block or an edge: why it stands as it does, what would run, what crosses. */
import { addBelowIcon, filterIcon, notebookIcon, ReactWidget, runIcon } from '@jupyterlab/ui-components';
import { useEffect, useState, type ReactElement } from 'react';
import type { PreviewAnswer } from '../../protocol/resident/calls.js';
import type { BlockView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { edgeStory, figuresText } from '../dagDraw/dagWords.js';
import { reachable, type PanelEdge, type PanelGraph } from '../dagDraw/graph.js';
import { CommandButton } from '../sidebar/commandButton.js';
import { stateWord } from '../stateGlyph.js';
import type { IProjectModel } from '../tokens.js';
import { about, listing, reasonsOf } from '../words.js';
import { StateGlyph } from '../widgets/stateGlyph.js';
import type { DagPanelContext } from './context.js';

export type PopoverSubject =
  | {
      readonly kind: 'block';
      readonly project: IProjectModel;
      readonly id: string;
      readonly graph: PanelGraph;
    }
  | { readonly kind: 'edge'; readonly edge: PanelEdge; readonly graph: PanelGraph };

export class DagPopover extends ReactWidget {
  private _subject: PopoverSubject | null = null;

  constructor(private readonly context: DagPanelContext) {
    super();
    this.addClass('dagpy-dag-popover');
    this.hide();
  }

  get subject(): PopoverSubject | null {
    return this._subject;
  }

  /** @param subject `null`: nothing hangs anywhere */
  present(subject: PopoverSubject | null): void {
    this._subject = subject;
    this.node.setAttribute('role', subject?.kind === 'block' ? 'dialog' : 'tooltip');
    if (subject?.kind === 'block')
      this.node.setAttribute('aria-label', this.context.trans.__('Why %1 stands as it does', subject.id));
    this.setHidden(subject === null);
    this.update();
  }

  protected render(): ReactElement {
    const { context, _subject: subject } = this;
    if (subject === null) return <></>;
    if (subject.kind === 'edge')
      return <EdgePart context={context} edge={subject.edge} graph={subject.graph} />;
    const block = subject.project.block(subject.id);
    if (block === undefined) return <></>;
    return <BlockPart context={context} project={subject.project} block={block} graph={subject.graph} />;
  }
}

const BlockPart = ({
  context,
  project,
  block,
  graph,
}: {
  readonly context: DagPanelContext;
  readonly project: IProjectModel;
  readonly block: BlockView;
  readonly graph: PanelGraph;
}): ReactElement => {
  const { commands, trans } = context;
  const args = { project: project.path, block: block.id };
  // What failed is told in full above them.
  const reasons = reasonsOf(block).filter(reason => reason !== block.failure?.message);
  const figures = figuresText(block, trans);
  return (
    <>
      <div className="dagpy-dag-popover-title">
        <StateGlyph state={block.state} />
        <span>
          <b>{block.id}</b>: {stateWord(block.state, trans)}
          {block.isLocal && ` · ${trans.__('local')}`}
        </span>
        {figures !== '' && <span className="dagpy-dag-popover-dim">{figures}</span>}
      </div>
      {block.failure !== null && <div className="dagpy-dag-popover-failure">{block.failure.message}</div>}
      {reasons.length > 0 && (
        <ul>
          {reasons.slice(0, 6).map(reason => (
            <li key={reason}>{reason}</li>
          ))}
          {reasons.length > 6 && <li>{trans.__('and %1 more', reasons.length - 6)}</li>}
        </ul>
      )}
      <WouldRun context={context} project={project} block={block} graph={graph} />
      <div className="dagpy-dag-popover-actions">
        <CommandButton
          commands={commands}
          id={CommandIds.runBlock}
          args={args}
          icon={runIcon}
          label={trans.__('Run')}
        />
        <CommandButton
          commands={commands}
          id={CommandIds.openBlock}
          args={args}
          icon={notebookIcon}
          label={trans.__('Open')}
        />
        <CommandButton
          commands={commands}
          id={CommandIds.showFailure}
          args={args}
          label={trans.__('Show failure')}
        />
        <CommandButton
          commands={commands}
          id={CommandIds.branch}
          args={args}
          icon={addBelowIcon}
          label={trans.__('Branch')}
        />
        <CommandButton
          commands={commands}
          id={CommandIds.setFilter}
          args={args}
          icon={filterIcon}
          label={trans.__('Filter')}
        />
      </div>
    </>
  );
};

/** What *Run* would do, as the engine plans it, and who waits for the block. */
const WouldRun = ({
  context: { trans },
  project,
  block,
  graph,
}: {
  readonly context: DagPanelContext;
  readonly project: IProjectModel;
  readonly block: BlockView;
  readonly graph: PanelGraph;
}): ReactElement => {
  const [answer, setAnswer] = useState<PreviewAnswer | null>(null);
  const { id, state } = block;
  const revision = project.view?.revision;
  useEffect(() => {
    let isWanted = true;
    project.call('preview', { target: { kind: 'ids', selectors: [id], reach: 'needs' } }).then(
      found => {
        if (isWanted) setAnswer(found);
      },
      // Whoever runs it is told why it can not be; here the rest stands without it.
      () => {
        if (isWanted) setAnswer(null);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [project, id, state, revision]);
  const node = graph.nodeOf.get(id);
  const waiting =
    node === undefined || state === 'fresh'
      ? []
      : [...reachable(graph.children, [node])].sort((a, b) => a - b).map(below => graph.ids[below]!);
  const lines: string[] = [];
  if (answer !== null) {
    const { runs, mayRun, restored, kept, seconds } = answer;
    if (runs.length + mayRun.length === 0 && restored.length === 0) lines.push(trans.__('Nothing to run.'));
    if (runs.length > 0) lines.push(trans.__('Will run: %1.', listing(runs, trans, 5)));
    if (mayRun.length > 0)
      lines.push(trans.__('Only if its input comes out different: %1.', listing(mayRun, trans, 5)));
    if (restored.length > 0)
      lines.push(trans.__('Put back from the cache: %1.', listing(restored, trans, 5)));
    if (runs.length + mayRun.length > 0 && kept.length > 0)
      lines.push(trans._n('Kept: %1 block.', 'Kept: %1 blocks.', kept.length));
    if (runs.length + mayRun.length > 0 && seconds !== null)
      lines.push(`${capitalised(about(seconds, trans))}.`);
  }
  if (waiting.length > 0) lines.push(trans.__('Below it: %1.', listing(waiting, trans, 5)));
  return <div className="dagpy-dag-popover-dim">{lines.join(' ')}</div>;
};

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const EdgePart = ({
  context: { trans },
  edge,
  graph,
}: {
  readonly context: DagPanelContext;
  readonly edge: PanelEdge;
  readonly graph: PanelGraph;
}): ReactElement => {
  const { title, remark, variables, more } = edgeStory(edge, graph, trans);
  return (
    <>
      <div className="dagpy-dag-popover-title">
        <b>{title}</b>
      </div>
      {remark !== '' && <div className="dagpy-dag-popover-dim">{remark}</div>}
      {variables.length > 0 && (
        <table>
          <tbody>
            {variables.map(({ name, type, size }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>{type}</td>
                <td>{size}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more > 0 && <div className="dagpy-dag-popover-dim">{trans.__('and %1 more', more)}</div>}
    </>
  );
};
