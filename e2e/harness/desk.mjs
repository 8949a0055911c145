// The operator's hand, over the desk's API (docs/reference/http.md).

export class Desk {
  #server;

  constructor(server) {
    this.#server = server;
  }

  createShow(spec) {
    return this.#ask('POST', '', { language: 'en', ...spec });
  }

  show(id) {
    return this.#ask('GET', `/${id}`);
  }

  live(id) {
    return this.#ask('POST', `/${id}/live`);
  }

  end(id) {
    return this.#ask('POST', `/${id}/end`);
  }

  undo(id) {
    return this.#ask('POST', `/${id}/undo`);
  }

  /** A command of the stage door, as docs/reference/http.md lists them. */
  command(id, command) {
    return this.#ask('POST', `/${id}/command`, command);
  }

  link(id, role, more = {}) {
    return this.#ask('POST', `/${id}/links`, { role, ...more });
  }

  revoke(id, link) {
    return this.#ask('DELETE', `/${id}/links/${link}`);
  }

  remove(id) {
    return this.#ask('DELETE', `/${id}`);
  }

  async #ask(method, path, body) {
    const response = await fetch(`${this.#server.desk}/api/v1/shows${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#server.operator_key}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}

/** The key at the end of a link. */
export function keyOf(link) {
  return new URLSearchParams(new URL(link.url).hash.slice(1)).get('key');
}
