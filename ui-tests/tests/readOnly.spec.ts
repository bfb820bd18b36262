/** A project that may be read and not written: all of it is shown, and nothing of it is touched. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, test } from '../fixtures/index.js';
import { arePermissionsKept } from '../fixtures/places.js';

// Whether outputs may be trusted is asked of Python, which takes its time to start.
test.setTimeout(240_000);

const MINE = 'mine';

/** Every file and folder but those below `mine`. */
function everything(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.filter(name => !name.startsWith(MINE)).map(name => join(folder, name))];
}

const contentsOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    everything(folder).map(path => [
      path,
      statSync(path).isDirectory() ? 'folder' : readFileSync(path, 'base64'),
    ]),
  );

function setWritable(folder: string, isWritable: boolean): void {
  for (const path of everything(folder)) {
    const { mode } = statSync(path);
    chmodSync(path, isWritable ? mode | 0o200 : mode & ~0o222);
  }
}

test('is shown everywhere; edits are refused, and notebooks of one’s own are saved', async ({
  page,
  project,
  workbench,
}) => {
  test.skip(!arePermissionsKept, 'whoever runs the servers may write everywhere');
  const flow = `${MINE}/report.flow.ipynb`;
  mkdirSync(project.file(MINE));
  await project.dagpy('run');
  await project.dagpy('flow', 'report', '-o', project.file(flow));
  setWritable(project.folder, false);
  try {
    const before = contentsOf(project.folder);
    await workbench.open(flow);
    const fresh = { load: 'fresh', clean: 'fresh', report: 'fresh' } as const;
    await workbench.expectStates(fresh, workbench.notebook);
    await workbench.execute('dagpy:show-blocks');
    await workbench.expectStates(fresh, workbench.sidebar);
    await expect(workbench.sidebar).toContainText('can be looked at, not changed');
    await workbench.execute('dagpy:show-dag');
    await workbench.expectStates(fresh, workbench.panel);

    // No way to change it is offered, and whoever asks all the same is told why not.
    const offered = await page.evaluate(() =>
      [
        'dagpy:rename-block',
        'dagpy:link-blocks',
        'dagpy:remove-block',
        'dagpy:add-block',
        'dagpy:run-all',
      ].filter(id =>
        window.jupyterapp.commands.isEnabled(id, { block: 'clean', parent: 'load', child: 'report' }),
      ),
    );
    expect(offered).toEqual([]);
    for (const [name, parameters] of [
      ['unlink', { parent: 'load', child: 'clean' }],
      ['run', { target: { kind: 'all' } }],
    ] as const) {
      const { status, body } = await workbench.call(name, { project: project.path, ...parameters });
      expect([name, status >= 400, JSON.stringify(body)]).toEqual([
        name,
        true,
        expect.stringMatching(/can not be written to.*write permission/),
      ]);
    }

    // One's own notebook is saved as ever; the blocks stay as they are, and that is said.
    await workbench.open(flow);
    await workbench.expectStates(fresh, workbench.notebook);
    await page.evaluate(() => {
      const { model } = (window.jupyterapp.shell.currentWidget as NotebookPanel).context;
      const cell = [...model.cells].find(({ sharedModel }) => sharedModel.getSource() === 'limit = 10');
      cell?.sharedModel.setSource('limit = 5');
    });
    await workbench.saveDocument();
    await expect(
      page.getByText('its blocks are not updated: the project can not be written').first(),
    ).toBeVisible({ timeout: 60_000 });
    expect(project.sources(flow)).toContain('limit = 5');
    await workbench.open('clean.ipynb');
    await workbench.expectState('clean', 'fresh', workbench.notebook);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    expect(contentsOf(project.folder)).toEqual(before);
  } finally {
    setWritable(project.folder, true);
  }
  // What was saved meanwhile is in the blocks once they can be written, and a person saves again.
  await workbench.open(flow);
  await workbench.saveDocument();
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 5');
});
