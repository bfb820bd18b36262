/** Above a notebook: the kernel holds values that are not those of the blocks any more, and what to do about it. */
import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
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
    this.node.setAttribute('role', 'status');
    session.changed.connect(this.showOrHide, this);
    this.showOrHide();
  }

  protected override render(): ReactElement {
    const { trans } = this;
    return (
      <>
        <span className="dagpy-kernelBadge-words">{trans.__('kernel is older than the blocks')}</span>
        <button
          type="button"
          className="jp-Button jp-mod-minimal dagpy-strip-button"
          title={trans.__('The blocks were run since. Variables of the same names give way.')}
          onClick={this.load}
        >
          {trans.__('Load results into kernel')}
        </button>
      </>
    );
  }

  private showOrHide(): void {
    this.setHidden(!this.session.isOlder);
  }
}
