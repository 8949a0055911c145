// A menu behind one button, by mouse, finger and keyboard (WAI-ARIA Authoring Practices, menu button).

import { icon, make, setAttribute, show } from '../shared/dom.js';
import { ICONS } from './icons.js';

export interface MenuItem {
  label: string;
  /** Set apart from the others: it is not so easily taken back. */
  grave?: boolean;
  pressed(): void;
}

export interface Menu {
  root: HTMLElement;
  button: HTMLButtonElement;
}

/** The items are asked for at each opening. */
export function menuButton(label: string, items: () => MenuItem[]): Menu {
  const button = make('button', { type: 'button', class: 'round menu-button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': label }, icon(ICONS.menu));
  const list = make('div', { class: 'menu', role: 'menu', 'aria-label': label });
  const root = make('div', { class: 'menu-place' }, button, list);
  list.hidden = true;

  const entries = (): HTMLElement[] => [...list.children] as HTMLElement[];
  const close = (refocus: boolean): void => {
    if (list.hidden) return;
    show(list, false);
    setAttribute(button, 'aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside);
    if (refocus) button.focus();
  };
  const outside = (event: Event): void => {
    if (!root.contains(event.target as Node)) close(false);
  };
  const open = (last: boolean): void => {
    list.replaceChildren(...items().map((item) => entry(item, () => close(true))));
    show(list, true);
    setAttribute(button, 'aria-expanded', 'true');
    document.addEventListener('pointerdown', outside);
    const all = entries();
    all[last ? all.length - 1 : 0]?.focus();
  };
  button.addEventListener('click', () => (list.hidden ? open(false) : close(true)));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    open(event.key === 'ArrowUp');
  });
  list.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return close(true);
    const all = entries();
    const to = step(event.key, all.indexOf(document.activeElement as HTMLElement), all.length);
    if (to === null) return;
    event.preventDefault();
    all[to]?.focus();
  });
  root.addEventListener('focusout', (event) => {
    const to = (event as FocusEvent).relatedTarget;
    if (to instanceof Node && !root.contains(to)) close(false);
  });
  return { root, button };
}

function entry({ label, grave, pressed }: MenuItem, close: () => void): HTMLElement {
  const chosen = (): void => {
    close();
    pressed();
  };
  return make('button', { type: 'button', role: 'menuitem', tabindex: -1, class: grave ? 'grave' : 'plain', onclick: chosen }, label);
}

function step(key: string, at: number, length: number): number | null {
  if (key === 'ArrowDown') return (at + 1) % length;
  if (key === 'ArrowUp') return (at + length - 1) % length;
  if (key === 'Home') return 0;
  return key === 'End' ? length - 1 : null;
}
