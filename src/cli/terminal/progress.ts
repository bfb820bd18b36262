/** Progress of a run for people: finished blocks stay as lines, running ones are drawn again below them. */
import { unreachable } from '../../protocol/problem.js';
import type { RunEvent } from '../../protocol/events.js';
import { bytes, duration, glyph, plural, oneLine, printable, type Style } from './style.js';

/** The part of a terminal that progress needs. */
export interface Screen {
  write(text: string): void;
  /** Columns; `undefined`: not a terminal, so only whole lines are written. */
  readonly columns: number | undefined;
}

export interface Progress {
  show(event: RunEvent): void;
  /** Takes the drawn part away, before other text is written. */
  pause(): void;
}

interface Running {
  readonly startedAt: number;
  readonly cells: number;
  readonly expected: number | null;
  cellsDone: number;
}

const REDRAW_MILLISECONDS = 100;

export function createProgress(screen: Screen, style: Style, now: () => number): Progress {
  return new TerminalProgress(screen, style, now);
}

class TerminalProgress implements Progress {
  private readonly running = new Map<string, Running>();
  private drawn = 0;
  private done = 0;
  private upTo = 0;
  private savedSeconds = 0;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly screen: Screen,
    private readonly style: Style,
    private readonly now: () => number,
  ) {}

  show(event: RunEvent): void {
    this.erase();
    this.take(event);
    if (event.event === 'runFinished') this.stop();
    else this.draw();
  }

  pause(): void {
    this.erase();
  }

  private take(event: RunEvent): void {
    switch (event.event) {
      case 'runStarted':
        this.startedAt = this.now();
        this.upTo = event.upTo;
        if (event.upTo > 0)
          this.line(
            `Up to ${plural(event.upTo, 'block')} of ${event.target.length} will run, ${event.jobs} at a time.`,
          );
        if (this.screen.columns !== undefined) {
          this.timer = setInterval(() => {
            this.erase();
            this.draw();
          }, REDRAW_MILLISECONDS);
          this.timer.unref();
        }
        return;
      case 'blockStarted': {
        this.running.set(event.block, {
          startedAt: this.now(),
          cells: event.cells,
          expected: event.expectedSeconds,
          cellsDone: 0,
        });
        if (this.screen.columns === undefined) {
          const [reason] = event.reasons;
          const why = reason?.kind === 'failed' ? 'it failed last time' : reason?.detail;
          this.line(
            `${glyph(this.style, 'running')} ${printable(event.block)} runs${why === undefined ? '' : ` (${oneLine(why)})`}`,
          );
        }
        return;
      }
      case 'cellStarted':
        return;
      case 'cellFinished': {
        const block = this.running.get(event.block);
        if (block !== undefined) block.cellsDone += 1;
        return;
      }
      case 'blockExecuted': {
        this.finish(event.block);
        const stored = event.storedBytes > 0 ? `, stored ${bytes(event.storedBytes)}` : '';
        const cutoff = event.changed ? '' : ', same values as before';
        this.line(
          `${glyph(this.style, 'fresh')} ${printable(event.block)} ran in ${duration(event.seconds)}${this.dim(stored + cutoff)}`,
        );
        for (const warning of event.warnings) this.warn(`${event.block}: ${warning}`);
        return;
      }
      case 'blockReplayed':
        this.line(
          `${glyph(this.style, 'running')} ${printable(event.block)} replayed for ${printable(event.reader)}`,
        );
        return;
      case 'blockRestored':
        this.finish(event.block);
        this.savedSeconds += event.savedSeconds;
        this.line(
          `${this.style.paint('green', '↺')} ${printable(event.block)} restored${this.dim(`, saved ${duration(event.savedSeconds)}`)}`,
        );
        return;
      case 'blockFresh':
        this.savedSeconds += event.savedSeconds;
        return;
      case 'blockFailed': {
        this.finish(event.block);
        // Why is told below it.
        this.line(
          `${glyph(this.style, 'failed')} ${printable(event.block)} ${this.style.paint('red', 'failed')} after ${duration(event.seconds)}`,
        );
        return;
      }
      case 'blockBlocked':
        this.finish(event.block);
        this.line(
          `${glyph(this.style, 'blocked')} ${printable(event.block)} ${this.dim(`blocked by ${event.by.map(printable).join(', ')}`)}`,
        );
        return;
      case 'blockCancelled':
        this.finish(event.block);
        this.line(`${glyph(this.style, 'queued')} ${printable(event.block)} cancelled`);
        return;
      case 'note':
        if (event.level === 'warning')
          this.warn(event.block === undefined ? event.message : `${event.block}: ${event.message}`);
        else this.line(printable(event.message));
        return;
      case 'runFinished': {
        const { report } = event;
        const parts = [
          report.executed.length > 0 ? `${report.executed.length} ran` : 'nothing ran',
          report.restored.length > 0 ? `${report.restored.length} restored` : '',
          report.fresh.length > 0 ? `${report.fresh.length} kept` : '',
          report.failed.length > 0 ? this.style.paint('red', `${report.failed.length} failed`) : '',
          report.blocked.length > 0 ? `${report.blocked.length} blocked` : '',
          report.cancelled.length > 0 ? `${report.cancelled.length} cancelled` : '',
        ].filter(part => part !== '');
        const saved = this.savedSeconds >= 0.05 ? `, saved ${duration(this.savedSeconds)}` : '';
        this.line(`${parts.join(' · ')} in ${duration(report.seconds)}${this.dim(saved)}`);
        return;
      }
      default:
        unreachable(event);
    }
  }

  private finish(block: string): void {
    this.running.delete(block);
    this.done += 1;
  }

  private line(text: string): void {
    this.screen.write(`${text}\n`);
  }

  private warn(message: string): void {
    this.line(`${this.style.paint('yellow', '! warning:')} ${printable(message)}`);
  }

  private dim(text: string): string {
    return text === '' ? '' : this.style.paint('gray', text);
  }

  private draw(): void {
    const columns = this.screen.columns;
    if (columns === undefined || this.running.size === 0) return;
    const lines = [...this.running].map(([block, running]) => {
      const elapsed = (this.now() - this.startedAt) / 1000;
      const seconds = Math.min(elapsed, (this.now() - running.startedAt) / 1000);
      const expected = running.expected === null ? '' : ` of about ${duration(running.expected)}`;
      return `${glyph(this.style, 'running')} ${fit(printable(block), 40)}  ${running.cellsDone}/${running.cells} cells  ${duration(seconds)}${expected}`;
    });
    const saved = this.savedSeconds >= 0.05 ? ` · saved ${duration(this.savedSeconds)}` : '';
    lines.push(
      this.dim(
        `  ${this.done} done, ${this.running.size} running, up to ${Math.max(0, this.upTo - this.done)} to go${saved}`,
      ),
    );
    // A line that wraps would be erased only in part.
    this.screen.write(lines.map(line => `${fit(line, columns - 1)}\n`).join(''));
    this.drawn = lines.length;
  }

  private erase(): void {
    if (this.drawn === 0) return;
    this.screen.write(`\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }

  private stop(): void {
    clearInterval(this.timer);
  }
}

/** Cuts text to a width; colour codes count as nothing and are closed by the caller's style. */
function fit(text: string, width: number): string {
  // eslint-disable-next-line no-control-regex
  const pieces = text.split(/(\u001b\[[0-9;]*m)/);
  let left = width;
  let cut = '';
  for (const piece of pieces) {
    if (piece.startsWith('\u001b')) {
      cut += piece;
      continue;
    }
    const shown = [...piece].slice(0, left).join('');
    left -= [...shown].length;
    cut += shown;
  }
  return cut;
}
