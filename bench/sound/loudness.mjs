// How loud a sound is, judged by ffmpeg's `ebur128` (EBU R 128, ITU-R BS.1770).

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Loudness of a file, or of a stretch of it from `from_s` to `to_s`. */
export async function loudness(file, { from_s = 0, to_s = null } = {}) {
  const stretch = ['-ss', String(from_s), ...(to_s === null ? [] : ['-to', String(to_s)])];
  const filter = ['-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-'];
  const child = spawn('ffmpeg', ['-nostdin', '-hide_banner', ...stretch, '-i', file, ...filter], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  child.stderr.on('data', (bytes) => said.push(bytes));
  const [code] = await once(child, 'close');
  const words = Buffer.concat(said).toString();
  if (code !== 0) throw new Error(`ffmpeg cannot measure ${file}: ${words.slice(-500)}`);
  const value = (name, unit) => {
    const [, number] = new RegExp(`\\b${name}:\\s+(-?[\\d.]+|-inf) ${unit}`).exec(words.slice(words.lastIndexOf('Summary:'))) ?? [];
    if (number === undefined) throw new Error(`ffmpeg found no loudness in ${file}: ${words.slice(-500)}`);
    return number === '-inf' ? -Infinity : Number(number);
  };
  return { integrated_lufs: value('I', 'LUFS'), range_lu: value('LRA', 'LU'), true_peak_dbtp: value('Peak', 'dBFS') };
}
