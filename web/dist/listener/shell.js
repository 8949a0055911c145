const SETTLE_MS = 3_000;
const SPREAD_MS = 7_000;
export function keepThisPage() {
    const { serviceWorker } = navigator;
    if (!serviceWorker)
        return;
    const register = () => {
        serviceWorker.register('/sw.js', { updateViaCache: 'none' }).catch(() => {
        });
    };
    setTimeout(register, SETTLE_MS + SPREAD_MS * Math.random());
}
