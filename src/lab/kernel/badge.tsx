/** In a notebook's toolbar: the kernel holds values that are not those of the blocks any more. */
import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { KernelSession } from './kernelSession.js';

export class KernelBadge extends ReactWidget {
  constructor(
    private readonly session: KernelSession,
    private readonly trans: TranslationBundle,
    private readonly load: () => void,
  ) {
    super();
    this.addClass('dagpy-kernelBadge');
    session.changed.connect(this.showOrHide, this);
    this.showOrHide();
  }

  protected override render(): ReactElement {
    const { trans } = this;
    return (
      <button
        type="button"
        className="jp-Button jp-mod-minimal jp-ToolbarButtonComponent"
        title={trans.__(
          'The blocks were run since. Load their results into this kernel: variables of the same names give way.',
        )}
        onClick={this.load}
      >
        <refreshIcon.react tag="span" className="dagpy-kernelBadge-icon" />
        <span className="jp-ToolbarButtonComponent-label">{trans.__('kernel is older than the blocks')}</span>
      </button>
    );
  }

  private showOrHide(): void {
    this.setHidden(!this.session.isOlder);
  }
}
