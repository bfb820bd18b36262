/** The kernels in which people work: branches with restored variables, results into a stale kernel, values adopted. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, inBoth, test } from '../fixtures/index.js';
import { python } from '../fixtures/places.js';
import type { Workbench } from '../fixtures/workbench.js';

// Galata's stand-in for kernels knows no restart.
test.use({ kernels: null, sessions: null });

/** Words about the kernel in the strip above the notebook. */
const kernelWords = (workbench: Workbench) => workbench.page.locator('.dagpy-strip-kernel:visible');
const badge = (workbench: Workbench) => workbench.page.getByText('kernel is older than the blocks');

/** What the last cell of the notebook in front shows. */
const lastOutput = (workbench: Workbench) =>
  workbench.notebook.locator('.jp-CodeCell').last().locator('.jp-OutputArea-output');

async function typeAndRun(workbench: Workbench, code: string): Promise<void> {
  await workbench.notebook.locator('.jp-CodeCell .cm-content').last().click();
  await workbench.page.keyboard.insertText(code);
  await workbench.page.keyboard.press('Control+Enter');
}

/** Opens a block's notebook with a kernel that ran nothing yet. */
async function openFresh(workbench: Workbench, name: string): Promise<void> {
  await workbench.open(name);
  await expect(kernelWords(workbench)).toHaveAttribute('data-kernel', 'loaded');
}

async function restartKernel(workbench: Workbench): Promise<void> {
  await workbench.page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    await panel.sessionContext.session?.kernel?.restart();
  });
  await workbench.kernelIdle();
}

test(
  'a branch has its variables before the first cell is typed, and again after a restart',
  inBoth,
  async ({ app, page, project, workbench }) => {
    await project.dagpy('run');
    await workbench.open('clean.ipynb');
    // In Notebook 7 another notebook opens in a tab of its own, which is found by its address.
    const opened = app === 'notebook' ? page.context().waitForEvent('page') : null;
    await workbench.execute('dagpy:branch', { project: project.path, block: 'clean', name: 'clean-branch' });
    await opened?.then(other => other.close());
    expect(project.exists('clean-branch.ipynb')).toBe(true);
    expect(JSON.parse(project.read('dag.json'))).toMatchObject({
      blocks: { 'clean-branch': { parents: ['clean'] } },
    });
    if (app === 'notebook') await openFresh(workbench, 'clean-branch.ipynb');
    await expect(kernelWords(workbench)).toContainText(/restored in|are in the kernel/);
    await typeAndRun(workbench, 'print(len(kept), "kept below", limit)');
    await expect(lastOutput(workbench)).toHaveText(/^\d+ kept below 10/);

    await restartKernel(workbench);
    await expect(kernelWords(workbench)).toContainText('restored in');
    await workbench.page.keyboard.press('Control+Enter');
    await expect(lastOutput(workbench)).toHaveText(/^\d+ kept below 10/);
    await workbench.expectAccessible('.dagpy-strip');
  },
);

test('the code that a block needs is shown to be read', async ({ page, project, workbench }) => {
  await project.dagpy('run');
  await openFresh(workbench, 'report.ipynb');
  const before = project.read('clean.ipynb');
  await page.getByRole('button', { name: 'Show code' }).click();
  const cells = page.locator('.dagpy-dependencyCells .jp-CodeCell');
  await expect(cells.first()).toBeVisible();
  await cells.first().locator('.cm-content').click();
  await page.keyboard.insertText('broken = ');
  await expect(cells.first()).not.toContainText('broken');
  await page.getByRole('button', { name: 'Hide code' }).click();
  await expect(cells).toHaveCount(0);
  expect(project.read('clean.ipynb')).toBe(before);
});

test('results come into a kernel that is older than the blocks', async ({ page, project, workbench }) => {
  await project.dagpy('run');
  await openFresh(workbench, 'report.ipynb');
  await expect(badge(workbench)).toBeHidden();
  project.edit('clean.ipynb', 'limit = 10', 'limit = 5');
  // What a run would make is none of the kernel's business before it ran.
  await workbench.expectState('clean', 'stale', page.locator('.dagpy-strip'));
  await expect(badge(workbench)).toBeHidden();
  await project.dagpy('run');
  await expect(badge(workbench)).toBeVisible();
  await workbench.expectAccessible('.dagpy-kernelBadge');
  await page.getByRole('button', { name: 'Load results into kernel' }).click();
  await expect(badge(workbench)).toBeHidden();
  await workbench.execute('notebook:insert-cell-below');
  await workbench.execute('notebook:enter-edit-mode');
  await page.keyboard.insertText('print("now", limit)');
  await page.keyboard.press('Control+Enter');
  await expect(workbench.notebook.getByText('now 5', { exact: true })).toBeVisible();
});

test('what a kernel has computed is adopted, and a run makes it anew', async ({
  page,
  project,
  workbench,
}) => {
  await project.dagpy('run', 'clean');
  await openFresh(workbench, 'report.ipynb');
  await workbench.execute('notebook:run-all-cells');
  await workbench.kernelIdle();
  await expect
    .poll(() => page.evaluate(() => window.jupyterapp.commands.isEnabled('dagpy:adopt')))
    .toBe(true);
  await workbench.execute('dagpy:adopt');
  await expect(workbench.notebook.getByText('local, until a run confirms it')).toBeVisible();
  expect(await project.states()).toMatchObject({ clean: 'fresh', report: 'never' });
  const run = await project.json<{ readonly executed: readonly string[] }>('run');
  expect(run.executed).toEqual(['report']);
  await expect(workbench.notebook.getByText('local, until a run confirms it')).toHaveCount(0);

  // Other code in the same kernel: there is nothing to show any more.
  project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
  await expect
    .poll(() =>
      page.evaluate(() => [
        window.jupyterapp.commands.isEnabled('dagpy:adopt'),
        window.jupyterapp.commands.caption('dagpy:adopt') !== '',
      ]),
    )
    .toEqual([false, true]);
});

test('a kernel of another kind gets nothing, and says so', async ({ server, page, project, workbench }) => {
  await project.dagpy('run');
  await openFresh(workbench, 'report.ipynb');
  const kernels = join(server.environment['JUPYTER_DATA_DIR'] ?? '', 'kernels', 'other-kernel');
  mkdirSync(kernels, { recursive: true });
  const argv = [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'];
  writeFileSync(
    join(kernels, 'kernel.json'),
    JSON.stringify({ argv, display_name: 'Other', language: 'python' }),
  );
  project.write('dag.json', project.read('dag.json').replace('"python3"', '"other-kernel"'));
  await restartKernel(workbench);
  await expect(page.locator('.dagpy-strip-notes')).toContainText(
    'values of blocks can only be loaded into other-kernel',
  );
});
