import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import { blocksIcon } from '../icons.js';
import { Sidebar } from '../sidebar/sidebar.js';
import type { SidebarContext } from '../sidebar/context.js';

/** The panel *Blocks* in the left area. */
export class BlocksSidebar extends ReactWidget {
  constructor(private readonly context: SidebarContext) {
    super();
    const { trans } = context;
    this.id = 'dagpy-blocks';
    this.addClass('dagpy-Sidebar');
    this.title.icon = blocksIcon;
    this.title.caption = trans.__('Blocks');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Blocks'));
  }

  protected render(): ReactElement {
    return <Sidebar context={this.context} />;
  }

  /** The list takes the focus, as the file browser's does. */
  protected override onActivateRequest(): void {
    const list =
      this.node.querySelector<HTMLElement>('.dagpy-BlockList') ?? this.node.querySelector('button');
    list?.focus();
  }
}
