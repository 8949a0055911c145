// The check before the stage: microphone, echo and line, each with a grade, what it means and what to do. Nothing
// here holds anybody back: the way to the stage is open all the time.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import type { EchoState } from './check/soundcheck.js';
import type { LineFinding } from './check/line.js';
import type { MicrophoneFinding } from './check/micmeter.js';
import type { Grade, Verdict } from './check/verdict.js';
import { loudspeakerChoice, microphoneChoice, type Devices } from './devicesview.js';
import { drawLevel } from './level.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

export interface Check {
  readonly open: boolean;
  readonly devices: Devices;
  readonly level_dbfs: number;
  readonly microphone: Verdict<MicrophoneFinding> | null;
  readonly echo: EchoState;
  readonly line: Verdict<LineFinding> | null;
  testEcho(): void;
  join(): void;
}

export function checkStep(texts: Texts, check: Check): Step {
  const t = texts.check;
  const open = make('button', { type: 'button', class: 'primary', onclick: () => void check.devices.chooseMicrophone(check.devices.microphone_id) }, t.open);
  const why = make('p', { class: 'soft' }, t.openWhy);
  const problem = make('p', { class: 'problem', role: 'alert' });
  const level = make('div', { class: 'level', role: 'img', 'aria-label': texts.stage.level }, make('i'));
  const microphone = microphoneChoice(texts, check.devices);
  const loudspeaker = loudspeakerChoice(texts, check.devices);
  const voice = gradedLine('microphone', t.microphoneTitle, texts);
  const echo = gradedLine('echo', t.echoTitle, texts);
  const line = gradedLine('line', t.lineTitle, texts);
  const test = make('button', { type: 'button', onclick: () => check.testEcho() });
  echo.root.append(test);
  const join = make('button', { type: 'button', class: 'primary', onclick: () => check.join() }, t.join);
  const opened = make(
    'div',
    { class: 'opened' },
    microphone.root,
    level,
    make('ol', { class: 'graded' }, voice.root, echo.root, line.root),
    loudspeaker.root,
    join,
    make('p', { class: 'soft small' }, t.joinAnyway),
  );
  const root = make('section', { class: 'card' }, make('h1', {}, t.title), problem, why, open, opened);
  const update = (): void => {
    const refused = check.devices.problem;
    show(open, !check.open);
    show(why, !check.open && refused === null);
    show(opened, check.open);
    setText(problem, refused === null ? '' : t.problem[refused]);
    show(problem, refused !== null);
    microphone.update();
    loudspeaker.update();
    drawLevel(level, check.level_dbfs);
    voice.say(check.microphone?.grade ?? null, check.microphone ? t.microphone[check.microphone.finding] : t.speak);
    const verdict = typeof check.echo === 'string' ? null : check.echo;
    echo.say(verdict?.grade ?? null, verdict ? t.echo[verdict.finding] : t.echoState[check.echo as keyof typeof t.echoState]);
    setText(test, check.echo === 'idle' ? t.echoTest : t.echoAgain);
    test.disabled = check.echo === 'running';
    line.say(check.line?.grade ?? null, check.line ? t.line[check.line.finding] : t.lineMeasuring);
  };
  update();
  return { root, update };
}

const SIGNS: Record<Grade, string> = { good: '✓', usable: '~', bad: '!' };

/** One line of the check: its name, its grade in a word, and a sentence. */
function gradedLine(name: string, title: string, texts: Texts): { root: HTMLElement; say(grade: Grade | null, text: string): void } {
  const sign = make('span', { class: 'sign', 'aria-hidden': 'true' });
  const grade_word = make('span', { class: 'grade' });
  const sentence = make('p', { class: 'soft' });
  const heard = make('div', { role: 'status' }, make('p', { class: 'what' }, title, ' ', grade_word), sentence);
  const root = make('li', { 'data-check': name }, sign, heard);
  const say = (grade: Grade | null, text: string): void => {
    setAttribute(root, 'data-grade', grade);
    setText(sign, grade === null ? '…' : SIGNS[grade]);
    setText(grade_word, grade === null ? '' : texts.check.grade[grade]);
    setText(sentence, text);
  };
  return { root, say };
}
