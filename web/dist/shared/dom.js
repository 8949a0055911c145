export function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (typeof value === 'function')
            element.addEventListener(name.slice(2), value);
        else if (value === true)
            element.setAttribute(name, '');
        else if (value !== false && value !== undefined)
            element.setAttribute(name, String(value));
    }
    element.append(...children);
    return element;
}
const SVG = 'http://www.w3.org/2000/svg';
export function icon(path) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.classList.add('icon');
    const shape = document.createElementNS(SVG, 'path');
    shape.setAttribute('d', path);
    svg.append(shape);
    return svg;
}
export function setText(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}
export function setAttribute(element, name, value) {
    if (value === null) {
        if (element.hasAttribute(name))
            element.removeAttribute(name);
    }
    else if (element.getAttribute(name) !== value) {
        element.setAttribute(name, value);
    }
}
export function show(element, visible) {
    if (element.hidden === visible)
        element.hidden = !visible;
}
export async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    }
    catch {
        return false;
    }
}
