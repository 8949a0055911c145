export async function loadTexts(language) {
    document.documentElement.lang = language;
    const module = (await import(`../texts/studio.${language}.js`));
    return module.texts;
}
