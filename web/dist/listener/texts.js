export async function loadTexts(language) {
    document.documentElement.lang = language;
    const module = (await import(`../texts/listener.${language}.js`));
    return module.texts;
}
export async function loadWaitingTexts({ language }) {
    const module = (await import(`../texts/waiting.${language}.js`));
    return module.texts;
}
export async function loadAllTexts(texts) {
    const module = (await import(`../texts/extras.${texts.language}.js`));
    return { ...texts, ...module.texts };
}
