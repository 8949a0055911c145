import { make } from './dom.js';
import { recall, remember } from './memory.js';
export const LANGUAGES = ['en', 'de'];
export function preferred(languages, chosen) {
    const wanted = chosen === null ? languages : [chosen, ...languages];
    for (const tag of wanted) {
        const base = tag.toLowerCase().split('-')[0];
        const found = LANGUAGES.find((language) => language === base);
        if (found)
            return found;
    }
    return 'en';
}
export function currentLanguage() {
    return preferred(navigator.languages, recall('language'));
}
export async function loadTexts(language) {
    document.documentElement.lang = language;
    const module = (await import(`../texts/${language}.js`));
    return module.texts;
}
let pressed = false;
export function languageSwitch(language, changed) {
    const other = language === 'en' ? 'de' : 'en';
    const choose = () => {
        remember('language', other);
        pressed = true;
        changed(other);
    };
    const button = make('button', { type: 'button', class: 'quiet', lang: other, onclick: choose }, other === 'de' ? 'Deutsch' : 'English');
    if (pressed)
        queueMicrotask(() => button.focus());
    pressed = false;
    return button;
}
