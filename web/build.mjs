// Builds web/dist from web/src and web/static: the compiler's modules, the static files, and in each
// page the list of its modules, so that a browser fetches them side by side instead of one after
// another. The result is committed; the server embeds it.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, 'dist');
const MARK = '<!-- modules -->';

rmSync(dist, { recursive: true, force: true });
execFileSync(join(web, 'node_modules/.bin/tsc'), ['-p', web], { stdio: 'inherit' });
cpSync(join(web, 'static'), dist, { recursive: true });

for (const page of readdirSync(dist).filter((name) => name.endsWith('.html'))) {
  const name = page.replace('.html', '');
  const entry = `${name}/stentor-${name}.js`;
  const lines = [...modulesOf(entry)]
    .filter((module) => module !== entry)
    .sort()
    .map((module) => `<link rel="modulepreload" href="/assets/${module}">`);
  lines.push(`<script type="module" src="/assets/${entry}"></script>`);
  const path = join(dist, page);
  writeFileSync(path, readFileSync(path, 'utf8').replace(MARK, lines.join('\n    ')));
}

/** Every module that `entry` imports statically, itself included; paths relative to dist. */
function modulesOf(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  const source = readFileSync(join(dist, entry), 'utf8');
  for (const [, specifier] of source.matchAll(/^(?:import|export)\b[^'"]*['"](\.[^'"]+)['"]/gm)) {
    modulesOf(normalize(join(dirname(entry), specifier)), found);
  }
  return found;
}
