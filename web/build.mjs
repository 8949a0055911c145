// Builds web/dist from web/src and web/static: the compiler's modules, the static files, in each page the
// list of its modules, so that a browser fetches them side by side instead of one after another, and what it says
// should they not come; and in the service worker the list of what it keeps. The result is committed; the server
// embeds it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, 'dist');
const MODULES = '<!-- modules -->';
const UNLOADED = '<!-- unloaded -->';
const STATIC_IMPORT = /^(?:import\s*|(?:import|export)\b[^'"(]*?\bfrom\s*)['"](\.[^'"]+)['"]/gm;
// What the listener's page says; the other pages need a server anyway.
const TEXTS_KEPT = /^(?:listener|extras|waiting)\./;
const IMPORT_ON_DEMAND = /\bimport\(['"](\.[^'"]+)['"]\)/g;

rmSync(dist, { recursive: true, force: true });
for (const project of [web, join(web, 'src/worker')]) {
  execFileSync(join(web, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
}
cpSync(join(web, 'static'), dist, { recursive: true });
const unloaded = readFileSync(join(web, 'src/unloaded.html'), 'utf8').trim();

for (const page of readdirSync(dist).filter((name) => name.endsWith('.html'))) {
  const name = page.replace('.html', '');
  const entry = `${name}/stentor-${name}.js`;
  const lines = [...modulesOf(entry, [STATIC_IMPORT])]
    .filter((module) => module !== entry)
    .sort()
    .map((module) => `<link rel="modulepreload" href="/assets/${module}">`);
  lines.push(`<script type="module" src="/assets/${entry}"></script>`);
  const path = join(dist, page);
  writeFileSync(path, readFileSync(path, 'utf8').replace(MODULES, lines.join('\n    ')).replace(UNLOADED, unloaded));
}

const worker = join(dist, 'sw.js');
writeFileSync(worker, `const SHELL = ${JSON.stringify(shellOf('listener'), null, 1)};\n${readFileSync(worker, 'utf8')}`);

/** Every module that `entry` imports in one of these ways, itself included; paths relative to dist. */
function modulesOf(entry, imports, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  const source = readFileSync(join(dist, entry), 'utf8');
  for (const [, specifier] of imports.flatMap((pattern) => [...source.matchAll(pattern)])) {
    modulesOf(normalize(join(dirname(entry), specifier)), imports, found);
  }
  return found;
}

/** All that a page is made of, in every language and with what it loads on demand, by hash. */
function shellOf(page) {
  const html = readFileSync(join(dist, `${page}.html`), 'utf8');
  const named = [...html.matchAll(/(?:href|src)="\/assets\/([^"]+)"/g)].map(([, path]) => path);
  const modules = modulesOf(`${page}/stentor-${page}.js`, [STATIC_IMPORT, IMPORT_ON_DEMAND]);
  const texts = readdirSync(join(dist, 'texts')).filter((name) => TEXTS_KEPT.test(name)).map((name) => `texts/${name}`);
  const paths = [...new Set([...named, ...modules, ...texts])].sort();
  const hash = (path) => createHash('sha256').update(readFileSync(join(dist, path))).digest('hex');
  const files = { [`/${page}.html`]: hash(`${page}.html`) };
  for (const path of paths) files[`/assets/${path}`] = hash(path);
  return { version: createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16), files };
}
