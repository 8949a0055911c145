// Which microphone and which loudspeaker: in the check, and on the stage for whoever has to change them there.

import { make, setText, show } from '../shared/dom.js';
import type { MicrophoneProblem } from './microphone.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

export interface Device {
  id: string;
  label: string;
}

export interface Devices {
  readonly microphones: Device[];
  readonly microphone_id: string;
  /** Why the microphone that was asked for last did not open. */
  readonly problem: MicrophoneProblem | null;
  /** Empty where the browser leaves the choice to the device. */
  readonly loudspeakers: Device[];
  readonly loudspeaker_id: string;
  chooseMicrophone(device_id: string): Promise<void>;
  chooseLoudspeaker(device_id: string): Promise<void>;
}

/** On the stage the choices are folded away: most people never need them there. */
export function devicesPart(texts: Texts, stage: Stage): Step {
  const { devices } = stage;
  const microphone = microphoneChoice(texts, devices);
  const loudspeaker = loudspeakerChoice(texts, devices);
  const problem = make('p', { class: 'problem', role: 'alert' });
  const summary = make('summary', {}, make('h2', {}, texts.stage.devices));
  const root = make('section', { class: 'part' }, make('details', {}, summary, make('div', { class: 'devices' }, microphone.root, problem, loudspeaker.root)));
  const update = (): void => {
    microphone.update();
    loudspeaker.update();
    // Where no microphone is left, the notices say why, beside the button that opens one.
    const kept = stage.microphone === 'lost' ? null : devices.problem;
    setText(problem, kept === null ? '' : `${texts.check.problem[kept]} ${texts.stage.microphoneKept}`);
    show(problem, kept !== null);
  };
  update();
  return { root, update };
}

export function microphoneChoice(texts: Texts, devices: Devices): Step {
  const t = texts.check;
  const choice = deviceChoice('microphone', t.microphoneDevice, t.defaultMicrophone, (id) => devices.chooseMicrophone(id));
  return { root: choice.root, update: () => choice.update(devices.microphones, devices.microphone_id) };
}

export function loudspeakerChoice(texts: Texts, devices: Devices): Step {
  const t = texts.check;
  const choice = deviceChoice('loudspeaker', t.loudspeakerDevice, t.defaultLoudspeaker, (id) => devices.chooseLoudspeaker(id));
  const update = (): void => {
    choice.update(devices.loudspeakers, devices.loudspeaker_id);
    show(choice.root, devices.loudspeakers.length > 0);
  };
  return { root: choice.root, update };
}

function deviceChoice(id: string, label: string, first: string, choose: (id: string) => Promise<void>): { root: HTMLElement; update(devices: Device[], device_id: string): void } {
  const chosen = async (): Promise<void> => {
    await choose(choice.value);
    // A device that did not open is not the one in use: the list says again which one is.
    listed = '';
  };
  const choice = make('select', { id, onchange: () => void chosen() });
  const root = make('div', { class: 'field' }, make('label', { for: id }, label), choice);
  let listed = '';
  const update = (devices: Device[], device_id: string): void => {
    const names = JSON.stringify([devices, device_id]);
    if (names === listed) return;
    listed = names;
    choice.replaceChildren(make('option', { value: '' }, first));
    for (const device of devices) if (device.id !== 'default') choice.append(make('option', { value: device.id }, device.label || device.id));
    choice.value = device_id;
  };
  return { root, update };
}
