import { make, setText, show } from '../shared/dom.js';
export function devicesPart(texts, stage) {
    const { devices } = stage;
    const microphone = microphoneChoice(texts, devices);
    const loudspeaker = loudspeakerChoice(texts, devices);
    const problem = make('p', { class: 'problem', role: 'alert' });
    const summary = make('summary', {}, make('h2', {}, texts.stage.devices));
    const root = make('section', { class: 'part' }, make('details', {}, summary, make('div', { class: 'devices' }, microphone.root, problem, loudspeaker.root)));
    const update = () => {
        microphone.update();
        loudspeaker.update();
        const kept = stage.microphone === 'lost' ? null : devices.problem;
        setText(problem, kept === null ? '' : `${texts.check.problem[kept]} ${texts.stage.microphoneKept}`);
        show(problem, kept !== null);
    };
    update();
    return { root, update };
}
export function microphoneChoice(texts, devices) {
    const t = texts.check;
    const choice = deviceChoice('microphone', t.microphoneDevice, t.defaultMicrophone, (id) => devices.chooseMicrophone(id));
    return { root: choice.root, update: () => choice.update(devices.microphones, devices.microphone_id) };
}
export function loudspeakerChoice(texts, devices) {
    const t = texts.check;
    const choice = deviceChoice('loudspeaker', t.loudspeakerDevice, t.defaultLoudspeaker, (id) => devices.chooseLoudspeaker(id));
    const update = () => {
        choice.update(devices.loudspeakers, devices.loudspeaker_id);
        show(choice.root, devices.loudspeakers.length > 0);
    };
    return { root: choice.root, update };
}
function deviceChoice(id, label, first, choose) {
    const chosen = async () => {
        await choose(choice.value);
        listed = '';
    };
    const choice = make('select', { id, onchange: () => void chosen() });
    const root = make('div', { class: 'field' }, make('label', { for: id }, label), choice);
    let listed = '';
    const update = (devices, device_id) => {
        const names = JSON.stringify([devices, device_id]);
        if (names === listed)
            return;
        listed = names;
        choice.replaceChildren(make('option', { value: '' }, first));
        for (const device of devices)
            if (device.id !== 'default')
                choice.append(make('option', { value: device.id }, device.label || device.id));
        choice.value = device_id;
    };
    return { root, update };
}
