import { airPanel, myBar } from './airpanel.js';
import { devicesPart } from './devicesview.js';
import { handsPart } from './handsview.js';
import { invitePart } from './inviteview.js';
import { messagePart, saying } from './messageview.js';
import { noticesPart } from './noticesview.js';
import { peoplePart } from './peopleview.js';
import { runsTheShow } from './rights.js';
import { showControls } from './showcontrols.js';
import { copyText, make, setText } from '../shared/dom.js';
export function stageStep(texts, stage) {
    const runs = runsTheShow(stage.session.role);
    const air = airPanel(texts, stage);
    const notices = noticesPart(texts, stage);
    const people = peoplePart(texts, stage);
    const bar = myBar(texts, stage);
    const mine = [air, notices, bar, saying(texts, stage, 'stage'), saying(texts, stage, 'everyone')];
    const others = [people];
    if (runs) {
        mine.push(showControls(texts, stage));
        others.push(handsPart(texts, stage), messagePart(texts, stage), invitePart(texts, stage));
    }
    mine.push(devicesPart(texts, stage));
    const root = make('section', { class: 'stage' }, make('div', { class: 'mine' }, ...mine.map((part) => part.root), ways(texts, stage)), make('div', { class: 'others' }, ...others.map((part) => part.root)));
    const parts = [...mine, ...others];
    return { root, update: () => parts.forEach((part) => part.update()) };
}
function ways(texts, stage) {
    const t = texts.stage;
    const copied = async () => {
        setText(copy, (await copyText(stage.session.listen_url)) ? texts.copied : stage.session.listen_url);
        setTimeout(() => setText(copy, t.copyLink), 2500);
    };
    const copy = make('button', { type: 'button', onclick: () => void copied() }, t.copyLink);
    const leave = make('button', { type: 'button', class: 'quiet', onclick: () => stage.leave() }, t.leave);
    return make('div', { class: 'row' }, copy, leave);
}
