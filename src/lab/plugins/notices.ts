/** Tells the end of a run that took long, and of one that failed. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { CommandIds } from '../commandIds.js';
import { RunWatch, type RunEnd } from '../runWatch.js';
import { followSettings } from '../settings.js';
import { IProjects } from '../tokens.js';
import { duration, failureText } from '../words.js';

export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dagpy:notices',
  description: 'Notifies at the end of long and of failed runs.',
  autoStart: true,
  requires: [IProjects],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const settings = followSettings(registry);
    new RunWatch(projects).ended.connect((_, end) => {
      if (end.report.failed.length > 0) tellFailure(app, end, trans);
      else if (end.report.seconds > settings.values.notifyAfterSeconds) tellEnd(end, trans);
    });
  },
};

function tellFailure(
  app: JupyterFrontEnd,
  { project, report, failures }: RunEnd,
  trans: TranslationBundle,
): void {
  const [block] = report.failed;
  if (block === undefined) return;
  const problem = failures.find(other => other.block === block)?.problem;
  const what =
    problem === undefined
      ? trans.__('see the block')
      : failureText({ message: problem.message, cell: problem.cell ?? null }, trans);
  const others = report.failed.length - 1;
  Notification.error(
    others === 0
      ? trans.__('%1 failed: %2', block, what)
      : trans._n('%2 failed: %3 (and %1 more)', '%2 failed: %3 (and %1 more)', others, block, what),
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Show'),
          caption: trans.__('Go to the cell that failed'),
          displayType: 'accent',
          callback: () => void app.commands.execute(CommandIds.showFailure, { project: project.path, block }),
        },
      ],
    },
  );
}

function tellEnd({ project, report }: RunEnd, trans: TranslationBundle): void {
  const name = project.view?.name ?? project.path;
  const took = duration(report.seconds, trans);
  const { executed, restored, cancelled } = report;
  if (cancelled.length > 0) {
    Notification.info(trans.__('%1: the run was cancelled after %2', name, took));
    return;
  }
  const parts = [
    trans._n('%1 block ran', '%1 blocks ran', executed.length),
    restored.length === 0 ? '' : trans.__('%1 restored', restored.length),
  ].filter(part => part !== '');
  Notification.success(trans.__('%1: %2 in %3', name, parts.join(', '), took), { autoClose: 10_000 });
}
