/** Buttons of the panel: each one a command. */
import {
  addIcon,
  fastForwardIcon,
  downloadIcon,
  ReactWidget,
  redoIcon,
  runIcon,
  stopIcon,
  Toolbar,
  undoIcon,
  type LabIcon,
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ReactElement } from 'react';
import { CommandIds } from '../commandIds.js';
import { dagFitIcon, dagHelpIcon, dagTurnIcon, runUpstreamIcon, zoomInIcon, zoomOutIcon } from '../icons.js';
import { CommandButton } from '../sidebar/commandButton.js';

class ButtonItem extends ReactWidget {
  constructor(
    private readonly commands: CommandRegistry,
    private readonly command: string,
    private readonly icon: LabIcon,
    private readonly args: ReadonlyPartialJSONObject,
    private readonly isBare: boolean,
  ) {
    super();
    this.addClass('dagpy-dag-tool');
  }

  protected render(): ReactElement {
    const { commands, command, icon, args, isBare } = this;
    return <CommandButton commands={commands} id={command} icon={icon} args={args} isBare={isBare} />;
  }
}

/** @param panel id of the panel that the view's commands are about */
export function dressToolbar(toolbar: Toolbar, commands: CommandRegistry, panel: string): void {
  const add = (command: string, icon: LabIcon, args: ReadonlyPartialJSONObject = {}, isBare = true): void => {
    toolbar.addItem(command, new ButtonItem(commands, command, icon, args, isBare));
  };
  // Its label tells how many blocks may run.
  add(CommandIds.runAffected, runIcon, {}, false);
  add(CommandIds.cancel, stopIcon);
  add(CommandIds.undo, undoIcon);
  add(CommandIds.redo, redoIcon);
  add(CommandIds.addBlock, addIcon);
  add(CommandIds.runBlock, runIcon);
  add(CommandIds.runUpstream, runUpstreamIcon);
  add(CommandIds.runDownstream, fastForwardIcon);
  toolbar.addItem('spacer', Toolbar.createSpacerItem());
  add(CommandIds.dagTurn, dagTurnIcon, { panel });
  add(CommandIds.dagExport, downloadIcon, { panel });
}

/** In a corner of the picture. */
export class ZoomButtons extends ReactWidget {
  constructor(
    private readonly commands: CommandRegistry,
    private readonly panel: string,
  ) {
    super();
    this.addClass('dagpy-dag-zoom');
  }

  protected render(): ReactElement {
    const { commands } = this;
    const args = { panel: this.panel };
    return (
      <>
        <CommandButton commands={commands} id={CommandIds.dagZoomIn} icon={zoomInIcon} args={args} isBare />
        <CommandButton commands={commands} id={CommandIds.dagZoomOut} icon={zoomOutIcon} args={args} isBare />
        <CommandButton commands={commands} id={CommandIds.dagFit} icon={dagFitIcon} args={args} isBare />
        <CommandButton commands={commands} id={CommandIds.dagHelp} icon={dagHelpIcon} args={args} isBare />
      </>
    );
  }
}
