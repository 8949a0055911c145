// Child processes that end with the test, however it ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a program that the kernel kills when this process dies. What it says is in `said()`. */
export function start(program, args, options = {}) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => said.push(bytes));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  ended.catch(() => {});
  return {
    pid: child.pid,
    ended,
    said: () => Buffer.concat(said).toString(),
    running: () => child.exitCode === null && child.signalCode === null,
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a program to its end and returns its standard output; its failure is an error with its words. */
export async function run(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const [out, err] = [[], []];
  child.stdout.on('data', (bytes) => out.push(bytes));
  child.stderr.on('data', (bytes) => err.push(bytes));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${Buffer.concat(err).toString().trim()}`);
  return Buffer.concat(out);
}
