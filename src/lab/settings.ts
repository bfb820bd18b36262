/** The person's settings, as `schema/plugin.json` describes them. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';

export const SETTINGS_ID = 'jupyterlab-dagpy:plugin';

export interface SettingValues {
  readonly confirmRun: 'never' | 'many' | 'always';
  /** More blocks than this are many. */
  readonly confirmAbove: number;
  readonly notifyAfterSeconds: number;
  readonly showBlockHeaders: boolean;
  readonly dagDirection: 'automatic' | 'down' | 'right';
}

const DEFAULTS: SettingValues = {
  confirmRun: 'never',
  confirmAbove: 20,
  notifyAfterSeconds: 10,
  showBlockHeaders: true,
  dagDirection: 'automatic',
};

export interface Settings {
  readonly values: SettingValues;
  readonly changed: ISignal<Settings, void>;
}

/** Defaults until the person's settings have come, and where there is nothing that keeps settings. */
export function followSettings(registry: ISettingRegistry | null): Settings {
  return new FollowedSettings(registry);
}

class FollowedSettings implements Settings {
  private _values = DEFAULTS;
  private readonly _changed = new Signal<this, void>(this);

  constructor(registry: ISettingRegistry | null) {
    void registry?.load(SETTINGS_ID).then(
      settings => {
        this.take(settings.composite);
        settings.changed.connect(() => this.take(settings.composite));
      },
      (error: unknown) => console.error('DAGpy runs with its default settings', error),
    );
  }

  get values(): SettingValues {
    return this._values;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private take(given: ISettingRegistry.ISettings['composite']): void {
    const { confirmRun, confirmAbove, notifyAfterSeconds, showBlockHeaders, dagDirection } = given;
    this._values = {
      confirmRun: confirmRun === 'many' || confirmRun === 'always' ? confirmRun : 'never',
      confirmAbove: typeof confirmAbove === 'number' ? confirmAbove : DEFAULTS.confirmAbove,
      notifyAfterSeconds:
        typeof notifyAfterSeconds === 'number' ? notifyAfterSeconds : DEFAULTS.notifyAfterSeconds,
      showBlockHeaders: showBlockHeaders !== false,
      dagDirection: dagDirection === 'down' || dagDirection === 'right' ? dagDirection : 'automatic',
    };
    this._changed.emit();
  }
}
