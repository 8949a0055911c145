const SHELL = {
 "version": "595504026e570b62",
 "files": {
  "/listener.html": "434bda679aebe4ded9f9e0ca6e13575cf07eb581b6e045c8e113843d863c4360",
  "/assets/css/base.css": "a1c3272d5a28bd5aa3f337a24fb51d96c1f52f8d39f6d89ebb5b6c4d3ef20460",
  "/assets/css/listener.css": "d7ef7de984606b11ab91e14b29886a4de526fa39fa594a05a2f202230e840f60",
  "/assets/icons/stentor.svg": "65310e67d866ad860d7f49e4da8a489c7b1a6876a44e21ee455fbc84a8b107f0",
  "/assets/listener/chapters.js": "e7a8050546a843ac7cce5e7368a23adb79bcf4f64db7b9640f62535b3ab60a9a",
  "/assets/listener/extras.js": "f16cdb8cd00ac3f0fe42f78b984316a1ebe63211126678a99b320274ff22545a",
  "/assets/listener/hand.js": "8aac7fd2140dc1c877e38a6fc35d59ad993861576f27affbd18a4a1f889c5ffb",
  "/assets/listener/mediasession.js": "4f8ecfa90d356b6b9ca4a5c8e93d89989f546d6a20a46020f9931a8c188b5ba6",
  "/assets/listener/model.js": "3c274aa168778686f77d63ce5311ef6544c399e5f4568434b03c21ff95edbe30",
  "/assets/listener/movement.js": "2f9d73b5f3709eceb1cfaeb6f284754c8d1a756264f9cbe50c40ba5fe39582cf",
  "/assets/listener/probe.js": "70af3495107abb0cb43945bf3564d7977c2572e03227f8f613b3269f51ce3533",
  "/assets/listener/replay.js": "280bcf203b542eca5acbb4ed9afdee267d077cb1a57a9426579daafa516dae43",
  "/assets/listener/settings.js": "bc0799c55eaa35988420d20e3e1bf9cdd20be611043cec9eda75dfaea4e3d2d6",
  "/assets/listener/shell.js": "8af84401dcd3b4a3b28edcdd24c806c5dd69fbbfdf64d5431b03b64e08f532a2",
  "/assets/listener/situation.js": "f811e951068710f469e80c5bf0214df36b3b6fa5b0188e5c3562408a48e0af71",
  "/assets/listener/statuspoll.js": "79cc1f618d4d12acd40a8fc1e348fb1316bb5866f8bbea447b34b963038aa858",
  "/assets/listener/stentor-chapters.js": "8d58592d1e4029a376fdd9a529ecc5a8b2ddc1f8c8ee8ad02b239f80ebacf8be",
  "/assets/listener/stentor-hand.js": "7b7fa66430eaa8816cc649530c0a58b73fb4ab67e5cd80432b11b263873adc37",
  "/assets/listener/stentor-listener.js": "34bf59794f46cbe365edaa3332cab98b94ec7abd9e3502eddbb31f8c7326ba22",
  "/assets/listener/stentor-scrub.js": "7281457595145065679d050e4ed94b3aa3d281af07e041ab5c65d7c3abaf43ad",
  "/assets/listener/stentor-volume.js": "69918c34b34bbce448f1890ef68c93e8baa368586aff91f1eeb8aff707c85bfa",
  "/assets/listener/stentor-why.js": "cf957b0c5cb3cdb4a86d84bb2c68e1fef0755e033758f6bf5753386252f62fd3",
  "/assets/listener/texts.js": "8a05af042f1aa4f5f8b27c2e24732f5f21b6136b6be33934ecef72bff072aa94",
  "/assets/listener/view.js": "1fea3e4cd5e5cb51436f05abe102b504f86fc55e9096c948b2afa1b8e27f3ba1",
  "/assets/listener/why.js": "ba2472d32636edfcbb17eae0418ef637e8914545be145e8a65fbc6cf1b15f28c",
  "/assets/player/choose.js": "a49784aa3df740813cfc740be4fc00b63a9114bac9d42a7d121e4c9013d79384",
  "/assets/player/feed.js": "84aa6c3f6f19dff3ec999f26e5625f581dd3cb5cb42878416fd42716a7c70743",
  "/assets/player/mse.js": "13dcdd8aee4da241992a1b0d89619ab0ea0bbd845c1b4e57c983d9ccd2396ad4",
  "/assets/player/native.js": "e9c94f64f615b0a1dc931c038e3311684a4ccab7ae84963334dbaa0ff76790e8",
  "/assets/player/pace.js": "8d3c04a0c44e6a5b30dddedb4816d27786d5cd6b26d027fd8ce4fd5ddebc468e",
  "/assets/player/rate.js": "6e45aaa922186f6bfbe733749066d1ce924f0275e2f1ba37cb6245af64e0d9f4",
  "/assets/player/soundbuffer.js": "b1d815b1edfb9d25db65251768e16213b6611bce7c8c1853ec5ef46dbb685018",
  "/assets/player/state.js": "61d320a3c7bb39eb3d72c9f14aa356716ce31ef436baa2ef8ae950c5096b2dfc",
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
  "/assets/texts/extras.de.js": "7fc748558fc4e2971c10f59c234c9ba2cc41f17a37d475a088af57fdc213f0f4",
  "/assets/texts/extras.en.js": "74508ad5048f4db411fdf95b75c110030905360f392fd2c616f5778a9d65a4d1",
  "/assets/texts/listener.de.js": "68e08a4464944ccb0cd36cd19a6fd3088b0a6fdab72728cba2dfa8d75a1f155d",
  "/assets/texts/listener.en.js": "0d61ceee5c47afc449f2ffd7edb9bdcf4f546a04e8579c46bc546ee71d56393b",
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
