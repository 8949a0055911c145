const SHELL = {
 "version": "daa6e83d34d741b5",
 "files": {
  "/listener.html": "378db27606aedb56c53e1b7d1e660139b84fbc005f203fab050db5c0b5665703",
  "/assets/css/base.css": "954228582d67f2efc5392d2f93fdfd11edeb833ae451df58a903addd1675ce4b",
  "/assets/css/listener.css": "b7d0dfd0a41e2ff5214d5be6740362293cdc11a30093dfd3a15f819eca34afd6",
  "/assets/icons/stentor.svg": "65310e67d866ad860d7f49e4da8a489c7b1a6876a44e21ee455fbc84a8b107f0",
  "/assets/listener/chapters.js": "193372c2dd5f2b6f1938e8868a056541314586ded0274507dcdcbd3a582b5d6d",
  "/assets/listener/extras.js": "9c208e8f28b0324a27a6f83cbddfa39d7ae45642f20385177eda6448dac089a2",
  "/assets/listener/hand.js": "16022de06c8a6d3ea09c9aba433b8ff6bc76c137f0a6e8e9321b9639ee344500",
  "/assets/listener/mediasession.js": "716396ed0d8871fd871092dd175cb328aed5e8e38de31a904e3818e16f07d36f",
  "/assets/listener/model.js": "c128682fd3ea38562efa5890b2b6a7afe96f376debdd922bc2b3883f8ef44fdc",
  "/assets/listener/probe.js": "d276507b3023ad009165552e2f3522ffaeca45726ccd33d145cbd248021060b0",
  "/assets/listener/replay.js": "ead8181171cd1d78f5be194f1d5cd066a4505c73347e96c7c2793fab88edcd8f",
  "/assets/listener/settings.js": "eee89b80eec9aebf0c76e4fb7b7d402f4eff4356d9185e0567a9a0790a836d5c",
  "/assets/listener/shell.js": "8af84401dcd3b4a3b28edcdd24c806c5dd69fbbfdf64d5431b03b64e08f532a2",
  "/assets/listener/situation.js": "f9f617463847dacd25601b8bb231afb1dbd0ad1722da52f3c823027bac1e6489",
  "/assets/listener/statuspoll.js": "a93376e5c5c6727778f7966d2e958d13ea8e7f6ecfb5fa3cafd5872e9a0d0f4b",
  "/assets/listener/stentor-chapters.js": "8d58592d1e4029a376fdd9a529ecc5a8b2ddc1f8c8ee8ad02b239f80ebacf8be",
  "/assets/listener/stentor-hand.js": "95019ac7f232f2ed87eefd26f23f69f5907b23539c5081a1d2ce46e0c93ec0d9",
  "/assets/listener/stentor-listener.js": "d94ac91bc2a5ab71734b666a761d26759ad6da903f8147c27db8e273ddbb973f",
  "/assets/listener/stentor-scrub.js": "dc450f851f39b59e60fb80cb03bfe694f19f201e2eb4721de50c504e8ca02c2c",
  "/assets/listener/stentor-volume.js": "fa2b5fc3fd26909c22054387803d73f4d9363edec4462a19302c656a203c40ad",
  "/assets/listener/stentor-why.js": "cf957b0c5cb3cdb4a86d84bb2c68e1fef0755e033758f6bf5753386252f62fd3",
  "/assets/listener/texts.js": "8a05af042f1aa4f5f8b27c2e24732f5f21b6136b6be33934ecef72bff072aa94",
  "/assets/listener/view.js": "308e2c55aec3ab2dec1e5c80dacedc76d432772073aeddc817d15980e042546e",
  "/assets/listener/why.js": "902c7dc96c8cfdc268c75fc56e287843c9c685798d905d794de18a28b267ef62",
  "/assets/player/choose.js": "a49784aa3df740813cfc740be4fc00b63a9114bac9d42a7d121e4c9013d79384",
  "/assets/player/feed.js": "361e752675e619410ad648de94a750931f07fcef88a494bf8273bcb1513a2e12",
  "/assets/player/mse.js": "a9cecb3b9df37423e8d11a7449df1b7b47bf4137b763e2404bbf501b7d10b197",
  "/assets/player/native.js": "c6908160094350c18f1d657ef0e74d1d602be41a11153ba3e53056de0e815793",
  "/assets/player/pace.js": "f8845437d35f55d5d097e0253dc5fcaa4946ca9c4300663213779008353e4012",
  "/assets/player/rate.js": "5777d91c50b8be2204e8638f8726cef1b9100d4077443d8b72ef1f458b89e9a8",
  "/assets/player/soundbuffer.js": "da0333af7742e7209db988939c6d86c03fa4850dc721ef4b17c0b751067173b1",
  "/assets/player/state.js": "cc2a7ffeb40534d9910b806b2ba497f02d2fc6d3ab8698508bba235bdfb84ded",
  "/assets/player/supply.js": "bdfde643ce62fb58e883bbe20db8afcbad3670edf7b31e6cf31f43d828f1546d",
  "/assets/shared/backoff.js": "fda65febd82a0f45ee3edeeda0a48314ddaad6e1879332bb1bc6f49d13f00ab5",
  "/assets/shared/dom.js": "f054549ad2f5981f1eab7070e4d09094012689e6afdfee2cd2112c717cdd582a",
  "/assets/shared/fragment.js": "c69597a51081080757ceca191bb4f96d9025dc83cc901404a874e0841530adce",
  "/assets/shared/language.js": "a62c807e32c5badce1edadf1ac3f9594f2be2c1b8c3d210dab469ad9a4c9a861",
  "/assets/shared/marks.js": "39790d6d9b245a07856fb537c87b16cfd17f5d66b328e17d8791a7bc573f5485",
  "/assets/shared/memory.js": "68a1c89cbaf54fbafd8cc4948058b31e079addb4642419ca4528bc8f88043cb8",
  "/assets/shared/moment.js": "dfbf50d09074bcd3d73e445d066127c8c61479e4e7e0832e0ac004ca4d9a50e6",
  "/assets/shared/problem.js": "ab1826d3dc8be6c6a4119fb575181e9b593a04c9faf78095fb776393bfe6bbb2",
  "/assets/shared/timetext.js": "dbb021a38f6f39983a0fbfca071c3bdcc9aa76fa1a5851a8fe3da5982795b78e",
  "/assets/texts/extras.de.js": "1f730e16c978809544779726f83b9453368f18edd83e5930a65890aed614f172",
  "/assets/texts/extras.en.js": "b889a63fabd0a83248fbc94d7ed9b22a90e839720ac93144032fd1ff1f9dc6ed",
  "/assets/texts/listener.de.js": "4edf55774cb00162e15ef44e671e47f85134bc5682c8553d7bcd006f852184dc",
  "/assets/texts/listener.en.js": "df17fafc9d74d4bad64b26e39b34021d4bf79a6e201d0f0ae8dc7242cd8ecfd0",
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
    return Object.hasOwn(SHELL.files, url.pathname) ? url.pathname : null;
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
