/** Ids of all commands. Those of the design are stable: scripts and tests rely on them. */
export const CommandIds = {
  addBlock: 'dagpy:add-block',
  runAffected: 'dagpy:run-affected',
  runBlock: 'dagpy:run-block',
  runUpstream: 'dagpy:run-upstream',
  runDownstream: 'dagpy:run-downstream',
  runOnly: 'dagpy:run-only',
  runAll: 'dagpy:run-all',
  preview: 'dagpy:preview',
  cancel: 'dagpy:cancel',
  branch: 'dagpy:branch',
  showDag: 'dagpy:show-dag',
  showBlocks: 'dagpy:show-blocks',
  openBlock: 'dagpy:open-block',
  openFlow: 'dagpy:open-flow',
  renameBlock: 'dagpy:rename-block',
  removeBlock: 'dagpy:remove-block',
  linkBlocks: 'dagpy:link-blocks',
  unlinkBlocks: 'dagpy:unlink-blocks',
  setFilter: 'dagpy:set-filter',
  moveUp: 'dagpy:move-block-up',
  moveDown: 'dagpy:move-block-down',
  undo: 'dagpy:undo',
  redo: 'dagpy:redo',
  splitNotebook: 'dagpy:split-notebook',
  createProject: 'dagpy:create-project',
  showFailure: 'dagpy:show-failure',
  explain: 'dagpy:explain',
  loadResults: 'dagpy:load-results',
  adopt: 'dagpy:adopt',
  retry: 'dagpy:retry-connection',
  forceBlock: 'dagpy:force-block',
  openFile: 'dagpy:open-file',
  dagFit: 'dagpy:dag-fit',
  dagZoomIn: 'dagpy:dag-zoom-in',
  dagZoomOut: 'dagpy:dag-zoom-out',
  dagTurn: 'dagpy:dag-turn',
  dagSearch: 'dagpy:dag-search',
  dagExport: 'dagpy:dag-export',
  dagHelp: 'dagpy:dag-help',
} as const;

/** `args` of commands on one block; without them they are about the selected block of the current project. */
export interface BlockArguments {
  readonly project?: string;
  readonly block?: string;
}
