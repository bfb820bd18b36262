/** Listening on a Unix socket: one that somebody answers on is never taken, a dead one is removed. */
import { lstatSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { ProblemError } from '../../protocol/problem.js';
import { errorCode } from '../store/disk.js';
import { LONGEST_SOCKET_PATH } from './runtimeFolder.js';

export async function listenAt(server: Server, path: string): Promise<void> {
  if (process.platform !== 'win32') {
    const size = Buffer.byteLength(path);
    if (size > LONGEST_SOCKET_PATH)
      refuse(
        'socket-path',
        `the path of the socket has ${String(size)} bytes, more than the ${String(LONGEST_SOCKET_PATH)} that systems take: ${path}`,
        'choose a shorter path with --socket',
      );
    await removeStale(path);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', error =>
      reject(
        new ProblemError([
          {
            code: 'socket',
            message: `can not listen at ${path}: ${errorCode(error) ?? error.message}`,
            remedy: 'choose another path with --socket, in a folder that is yours',
          },
        ]),
      ),
    );
    // Closed to others from the first moment on.
    const mask = process.umask(0o177);
    server.listen(path, () => resolve());
    process.umask(mask);
  });
}

async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    refuse('socket', `${path} is there and is no socket`, 'choose another path with --socket');
  if (await answers(path))
    refuse(
      'socket-in-use',
      `another process listens at ${path}`,
      'use the one that runs, end it, or choose another path with --socket',
    );
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    // Full: somebody is there who has much to do.
    socket.once('error', error => settle(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')));
  });
}

function refuse(code: string, message: string, remedy: string): never {
  throw new ProblemError([{ code, message, remedy }]);
}
