/** A button that is a command: its label, its caption and whether it can be used come from there. */
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { useEffect, useReducer, type ReactElement } from 'react';

export const CommandButton = ({
  commands,
  id,
  args = {},
  icon,
  label,
  className = '',
  isBare = false,
}: {
  readonly commands: CommandRegistry;
  readonly id: string;
  readonly args?: ReadonlyPartialJSONObject;
  readonly icon?: LabIcon;
  /** Instead of the command's own. */
  readonly label?: string;
  readonly className?: string;
  /** Only the icon is drawn; the label is for those who hear it. */
  readonly isBare?: boolean;
}): ReactElement | null => {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (_: CommandRegistry, change: CommandRegistry.ICommandChangedArgs): void => {
      if (change.id === id || change.id === undefined) redraw();
    };
    commands.commandChanged.connect(slot);
    // Something may have happened since what is drawn now was looked at.
    redraw();
    return () => void commands.commandChanged.disconnect(slot);
  }, [commands, id]);
  if (!commands.hasCommand(id) || !commands.isVisible(id, args)) return null;
  const text = label ?? commands.label(id, args);
  const caption = commands.caption(id, args);
  return (
    <button
      type="button"
      className={`dagpy-Button ${isBare ? 'dagpy-mod-bare' : ''} ${className}`}
      data-command={id}
      title={isBare && caption !== '' ? `${text}\n${caption}` : caption || text}
      aria-label={text}
      disabled={!commands.isEnabled(id, args)}
      onClick={() => void commands.execute(id, args)}
    >
      {icon !== undefined && <icon.react tag="span" className="dagpy-Button-icon" />}
      {!isBare && <span className="dagpy-Button-label">{text}</span>}
    </button>
  );
};
