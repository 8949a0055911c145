import { forget, recall, remember } from '../shared/memory.js';
import { ask, Problem } from '../shared/problem.js';
const API = '/api/v1';
export class Desk {
    lost;
    #token = recall('desk');
    constructor(lost) {
        this.lost = lost;
    }
    get entered() {
        return Boolean(this.#token?.token);
    }
    async enter(key) {
        this.#token = await ask(`${API}/session`, { method: 'POST', token: key });
        remember('desk', this.#token);
    }
    leave() {
        this.#token = null;
        forget('desk');
    }
    shows() {
        return this.#ask('GET', '/shows');
    }
    create(show) {
        return this.#ask('POST', '/shows', show);
    }
    turn(id, to) {
        return this.#ask('POST', `/shows/${id}/${to}`);
    }
    remove(id) {
        return this.#ask('DELETE', `/shows/${id}`);
    }
    invite(id, role, label) {
        return this.#ask('POST', `/shows/${id}/links`, label ? { role, label } : { role });
    }
    revoke(id, link) {
        return this.#ask('DELETE', `/shows/${id}/links/${link}`);
    }
    async #ask(method, path, json) {
        try {
            return await ask(API + path, { method, token: this.#token?.token ?? '', json });
        }
        catch (error) {
            if (error instanceof Problem && error.status === 401) {
                this.leave();
                this.lost(error);
            }
            throw error;
        }
    }
}
