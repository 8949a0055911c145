// What a page remembers on this device. Storage may be switched off; then it remembers nothing.

export function recall<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(`stentor.${name}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`stentor.${name}`, JSON.stringify(value));
  } catch {
    // Private windows and full storage: the page works, it only forgets.
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(`stentor.${name}`);
  } catch {
    // As above.
  }
}
