const SHELL = {
 "version": "be92a3078b2d7295",
 "files": {
  "/listener.html": "531f8b26f5d5eb240a97e58e7e327f61fdc681262d807594b03f70ffbd130ecb",
  "/assets/css/base.css": "a1c3272d5a28bd5aa3f337a24fb51d96c1f52f8d39f6d89ebb5b6c4d3ef20460",
  "/assets/css/listener.css": "53b848495f9254ec1cb7448f6c5d1d9390800de857e6d83e1e7cc4986851715a",
  "/assets/icons/stentor.svg": "65310e67d866ad860d7f49e4da8a489c7b1a6876a44e21ee455fbc84a8b107f0",
  "/assets/listener/chapters.js": "e7a8050546a843ac7cce5e7368a23adb79bcf4f64db7b9640f62535b3ab60a9a",
  "/assets/listener/extras.js": "f16cdb8cd00ac3f0fe42f78b984316a1ebe63211126678a99b320274ff22545a",
  "/assets/listener/gate.js": "c7ee896f008550a14de654bd6684251d391b5cac20e6821181643ac5cd08232c",
  "/assets/listener/hand.js": "8aac7fd2140dc1c877e38a6fc35d59ad993861576f27affbd18a4a1f889c5ffb",
  "/assets/listener/mediasession.js": "4f8ecfa90d356b6b9ca4a5c8e93d89989f546d6a20a46020f9931a8c188b5ba6",
  "/assets/listener/model.js": "87d8ffb784d7ad684141bb9734db468825908fe5a50c692a3050108e7a372668",
  "/assets/listener/movement.js": "2f9d73b5f3709eceb1cfaeb6f284754c8d1a756264f9cbe50c40ba5fe39582cf",
  "/assets/listener/probe.js": "05acb1107e582975fcfa526c8ee446cd1fe43b9c45618d66dea4f005f41b7179",
  "/assets/listener/replay.js": "42948dff683368187d18ce1415d6af7e78b7f4a3d928c218f401098758c28e60",
  "/assets/listener/replaystate.js": "c86160f43a28baf5a1df418b6d37e2d567412468cdbf263fe880ec672d133681",
  "/assets/listener/settings.js": "4fd05c6641f3d8669cff70898f22a3d471aa08a6e70a6cf357c41451052b3a04",
  "/assets/listener/shell.js": "8af84401dcd3b4a3b28edcdd24c806c5dd69fbbfdf64d5431b03b64e08f532a2",
  "/assets/listener/situation.js": "7919933f11c29a18e5590a4866e0652bff7d33bc02bbacb923f284f163086efd",
  "/assets/listener/statuspoll.js": "79cc1f618d4d12acd40a8fc1e348fb1316bb5866f8bbea447b34b963038aa858",
  "/assets/listener/stentor-chapters.js": "8d58592d1e4029a376fdd9a529ecc5a8b2ddc1f8c8ee8ad02b239f80ebacf8be",
  "/assets/listener/stentor-hand.js": "7b7fa66430eaa8816cc649530c0a58b73fb4ab67e5cd80432b11b263873adc37",
  "/assets/listener/stentor-listener.js": "fc1f276ef33f220ed63f5b155ea903cf79a4b87481f5a18a1c30ae57e00d46e2",
  "/assets/listener/stentor-scrub.js": "7281457595145065679d050e4ed94b3aa3d281af07e041ab5c65d7c3abaf43ad",
  "/assets/listener/stentor-volume.js": "69918c34b34bbce448f1890ef68c93e8baa368586aff91f1eeb8aff707c85bfa",
  "/assets/listener/stentor-why.js": "cf957b0c5cb3cdb4a86d84bb2c68e1fef0755e033758f6bf5753386252f62fd3",
  "/assets/listener/texts.js": "e531f952c8d044980f3d5f265a447908a689c128332fb8c63f2ac8671131d825",
  "/assets/listener/ticket.js": "e380381b501b3cf741958bcda11d2ea98ad6398850bff97ad4132952f8818466",
  "/assets/listener/view.js": "7600c295e1fcca7ce57873ad07b3a73d2e0fb6f820d04c04941ea60b2fd98d43",
  "/assets/listener/waitingroom.js": "5c94dcc44445b06c38e4c49ba1837a063fe098e9969e84dc6e6aceda00368977",
  "/assets/listener/waitingwords.js": "30d5dcddb221dd45429bfb5a628560e300ebe11fdeb28bb1d1f6b9a5b25a991d",
  "/assets/listener/why.js": "2ec7deb739a89c621f0ed7cd02ccb5fe46022c6b4f44fe78811a28a5b9e3ee36",
  "/assets/player/choose.js": "d680cd21d6336a41621bd74de380d1cf28b8788c0b6be415a4db74f48710188e",
  "/assets/player/feed.js": "84aa6c3f6f19dff3ec999f26e5625f581dd3cb5cb42878416fd42716a7c70743",
  "/assets/player/holdsound.js": "c22e75a43a0c3bcc6f854b9e3fcc9db9d5ed044ceeb86ed3b71233a70be1cb5c",
  "/assets/player/mse.js": "c52ee50eae5e38fa3b3b417dbbdb9cc50df462a67f91d41e7129086a696acba0",
  "/assets/player/native.js": "d19ac810dbac2bcaa26241c03ef45c0c91adb903cd6988a1d2c7de6be7df6d82",
  "/assets/player/pace.js": "8d3c04a0c44e6a5b30dddedb4816d27786d5cd6b26d027fd8ce4fd5ddebc468e",
  "/assets/player/rate.js": "6e45aaa922186f6bfbe733749066d1ce924f0275e2f1ba37cb6245af64e0d9f4",
  "/assets/player/soundbuffer.js": "b1d815b1edfb9d25db65251768e16213b6611bce7c8c1853ec5ef46dbb685018",
  "/assets/player/state.js": "463519070ea97a815861b27d44509713958063a6a78dfbf0bfc113e3f07934f6",
  "/assets/player/supply.js": "0301823f2f19916f2965d48e138991b0af42e65c6fe301faf4922be69bacfb42",
  "/assets/shared/backoff.js": "fda65febd82a0f45ee3edeeda0a48314ddaad6e1879332bb1bc6f49d13f00ab5",
  "/assets/shared/dom.js": "f054549ad2f5981f1eab7070e4d09094012689e6afdfee2cd2112c717cdd582a",
  "/assets/shared/fragment.js": "c69597a51081080757ceca191bb4f96d9025dc83cc901404a874e0841530adce",
  "/assets/shared/language.js": "7cbdf1b06916f773afb56485b54b33b9812ecbc39eda5dbc6289ccdcb6928750",
  "/assets/shared/marks.js": "39790d6d9b245a07856fb537c87b16cfd17f5d66b328e17d8791a7bc573f5485",
  "/assets/shared/memory.js": "68a1c89cbaf54fbafd8cc4948058b31e079addb4642419ca4528bc8f88043cb8",
  "/assets/shared/moment.js": "dfbf50d09074bcd3d73e445d066127c8c61479e4e7e0832e0ac004ca4d9a50e6",
  "/assets/shared/older.js": "1bf251c8b24d91325efa839de07e53bbaa01aead77edb597aef2c6b666ae1066",
  "/assets/shared/problem.js": "fb61a9a9ae05f82858433c3a88848140211ffba6db30ed97eb785c3254b40242",
  "/assets/shared/timetext.js": "28cc9d6aceab025d8744ccbe2fb68e5c3712971494f0182ec7cdfd002e0422a5",
  "/assets/texts/extras.de.js": "6f66c64a8810c4f3cbb2d8de11020826577a639381dfd5d0ffeb79797e2d7c53",
  "/assets/texts/extras.en.js": "5c7962435f2ab80eddeb8e415a2dc6a5df211eed416bd4ace664a2f0f3f8713a",
  "/assets/texts/listener.de.js": "991de68d958fb8b3a53166821aee2a16ed24b936668ba6586eccf7aa9a5baab6",
  "/assets/texts/listener.en.js": "0d61ceee5c47afc449f2ffd7edb9bdcf4f546a04e8579c46bc546ee71d56393b",
  "/assets/texts/waiting.de.js": "595197522fbbf1c9787bf08c3573feef3f23ef00c53f24ad65217025e4b3a59e",
  "/assets/texts/waiting.en.js": "8961ceafb8d2864e2e924f9aaffe925f0e0f56117c7a0b67154d34c5e0a32734",
  "/assets/unloaded.js": "fe4c8b12f1105a47dcaadc9201e1ab7785d1ae1467e2a92757088963a7a3203f"
 }
};
"use strict";
const CACHE_PREFIX = 'stentor-shell-';
const PAGE = '/listener.html';
const SHOW = /^\/[a-z0-9-]+$/;
const ANSWER_MS_MAX = 3_000;
const SILENCE_MS = 10_000;
function keepShell(worker) {
    let silent_until = 0;
    worker.addEventListener('install', (event) => {
        event.waitUntil(keep().then(() => worker.skipWaiting()));
    });
    worker.addEventListener('activate', (event) => {
        event.waitUntil(forgetOlder().then(() => worker.clients.claim()));
    });
    worker.addEventListener('fetch', (event) => {
        const name = nameOf(event.request, worker.location.origin);
        if (name !== null)
            event.respondWith(answer(event.request, name));
    });
    async function answer(request, name) {
        const kept = await caches.match(name, { cacheName: CACHE_PREFIX + SHELL.version }).catch(() => undefined);
        if (!kept)
            return fetch(request);
        if (Date.now() < silent_until)
            return kept;
        try {
            const response = await inTime(fetch(request));
            if (response.status < 500)
                return response;
        }
        catch {
        }
        silent_until = Date.now() + SILENCE_MS;
        return kept;
    }
}
function nameOf(request, origin) {
    const url = new URL(request.url);
    if (request.method !== 'GET' || url.origin !== origin)
        return null;
    if (request.mode === 'navigate')
        return SHOW.test(url.pathname) ? PAGE : null;
    return url.pathname in SHELL.files ? url.pathname : null;
}
function inTime(response) {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('late')), ANSWER_MS_MAX));
    return Promise.race([response, late]);
}
async function keep() {
    const cache = await caches.open(CACHE_PREFIX + SHELL.version);
    await Promise.all(Object.entries(SHELL.files).map(([path, hash]) => keepFile(cache, path, hash)));
}
async function keepFile(cache, path, hash) {
    for (const mode of ['force-cache', 'reload']) {
        const response = await fetch(path, { cache: mode });
        if (!response.ok || (await hashOf(response.clone())) !== hash)
            continue;
        return cache.put(path, response);
    }
    throw new Error(`${path} is of another version than this worker`);
}
async function hashOf(response) {
    const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
async function forgetOlder() {
    const names = await caches.keys();
    const older = names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE_PREFIX + SHELL.version);
    await Promise.all(older.map((name) => caches.delete(name)));
}
keepShell(self);
