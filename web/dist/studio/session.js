import { forget, recall, remember } from '../shared/memory.js';
import { ask } from '../shared/problem.js';
export const CONSENT_NOTICE_VERSION = '2026-11';
export const CONSENT_NOTICE_OWN_TRACKS = '2026-11-own-tracks';
export async function openSession(show, key, name, own_tracks) {
    const json = { name, consent: own_tracks ? CONSENT_NOTICE_OWN_TRACKS : CONSENT_NOTICE_VERSION };
    const session = await ask(`/${show}/session`, { method: 'POST', token: key, json });
    remember(`studio.${show}`, session);
    remember('name', session.name);
    return session;
}
export function storedSession(show) {
    const session = recall(`studio.${show}`);
    return session?.token ? session : null;
}
export function dropSession(show) {
    forget(`studio.${show}`);
}
export function wasOnStage(show) {
    try {
        return sessionStorage.getItem(`stentor.stage.${show}`) === '1';
    }
    catch {
        return false;
    }
}
export function wasMuted(show) {
    try {
        return sessionStorage.getItem(`stentor.muted.${show}`) === '1';
    }
    catch {
        return false;
    }
}
export function noteMuted(show, muted) {
    try {
        if (muted)
            sessionStorage.setItem(`stentor.muted.${show}`, '1');
        else
            sessionStorage.removeItem(`stentor.muted.${show}`);
    }
    catch {
    }
}
export function noteOnStage(show, onStage) {
    try {
        if (onStage)
            sessionStorage.setItem(`stentor.stage.${show}`, '1');
        else
            sessionStorage.removeItem(`stentor.stage.${show}`);
    }
    catch {
    }
}
