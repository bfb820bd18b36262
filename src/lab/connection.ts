/** The one connection of a page to the daemon, by way of the Jupyter server. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { CallName, CallParameters, CallResult } from '../protocol/resident/calls.js';
import type { FromDaemon, ToDaemon } from '../protocol/resident/stream.js';
import { RESIDENT_VERSION } from '../protocol/resident/view.js';
import type { Problem } from '../protocol/problem.js';
import type { ConnectionState, IConnection } from './tokens.js';

/** What the daemon says against a call. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ message, remedy }) => `${message}\n${remedy}`).join('\n'));
  }
}

const FIRST_RETRY_MILLISECONDS = 500;
const LONGEST_RETRY_MILLISECONDS = 15_000;

const DOWN: Problem = {
  code: 'daemon-down',
  message: 'DAGpy is not running',
  remedy: 'it is started again by itself; or choose Retry',
};

export class Connection implements IConnection {
  private socket: WebSocket | null = null;
  private readonly waiting = new Map<number, PromiseDelegate<unknown>>();
  private lastId = 0;
  private delay = FIRST_RETRY_MILLISECONDS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = new PromiseDelegate<void>();
  private _state: ConnectionState = 'connecting';
  private _trouble = '';
  private readonly _changed = new Signal<this, void>(this);
  private readonly _received = new Signal<this, FromDaemon>(this);

  /** @param settings of the Jupyter server */
  constructor(private readonly settings: ServerConnection.ISettings) {}

  get state(): ConnectionState {
    return this._state;
  }

  get trouble(): string {
    return this._trouble;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Everything but answers to calls. */
  get received(): ISignal<this, FromDaemon> {
    return this._received;
  }

  open(): void {
    clearTimeout(this.timer);
    if (this.socket !== null) return;
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    let url = URLExt.join(wsUrl, 'dagpy/v1/stream');
    if (appendToken && token !== '') url += `?token=${encodeURIComponent(token)}`;
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.socket && typeof data === 'string') this.receive(data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lose(DOWN.message);
    };
  }

  retry(): void {
    this.delay = FIRST_RETRY_MILLISECONDS;
    if (this._state === 'ready') return;
    this.set('connecting', '');
    const { baseUrl } = this.settings;
    // The server part starts a daemon that is down; whether it did, the socket tells.
    void ServerConnection.makeRequest(
      URLExt.join(baseUrl, 'dagpy/start'),
      { method: 'POST' },
      this.settings,
    ).then(
      () => this.open(),
      () => this.open(),
    );
  }

  /** Nothing is kept for later: what could not be sent did not happen. */
  send(message: ToDaemon): boolean {
    if (this._state !== 'ready' || this.socket === null) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  async call<Name extends CallName>(name: Name, parameters: CallParameters<Name>): Promise<CallResult<Name>> {
    if (this._state === 'connecting') await this.opened.promise;
    const id = (this.lastId += 1);
    const answer = new PromiseDelegate<unknown>();
    this.waiting.set(id, answer);
    if (!this.send({ kind: 'call', id, name, parameters })) {
      this.waiting.delete(id);
      throw new CallError([{ ...DOWN, message: this._trouble || DOWN.message }]);
    }
    return (await answer.promise) as CallResult<Name>;
  }

  private receive(data: string): void {
    const message = JSON.parse(data) as FromDaemon;
    switch (message.kind) {
      case 'hello':
        if (message.version === RESIDENT_VERSION) {
          this.delay = FIRST_RETRY_MILLISECONDS;
          this.set('ready', '');
        } else
          this.lose(
            `this page and the running DAGpy are of different versions (${RESIDENT_VERSION} and ${message.version}): reload the page`,
          );
        break;
      case 'answer':
        this.waiting.get(message.id)?.resolve(message.result);
        this.waiting.delete(message.id);
        break;
      case 'refusal':
        this.waiting.get(message.id)?.reject(new CallError(message.problems));
        this.waiting.delete(message.id);
        break;
      default:
        this._received.emit(message);
    }
  }

  private lose(trouble: string): void {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    this.set('down', trouble);
    for (const answer of lost) answer.reject(new CallError([{ ...DOWN, message: trouble }]));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(LONGEST_RETRY_MILLISECONDS, this.delay * 2);
  }

  private set(state: ConnectionState, trouble: string): void {
    if (this._state === state && this._trouble === trouble) return;
    const before = this._state;
    this._state = state;
    this._trouble = trouble;
    if (state !== 'connecting') this.opened.resolve();
    else if (before !== 'connecting') this.opened = new PromiseDelegate<void>();
    this._changed.emit();
  }
}
