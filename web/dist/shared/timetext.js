export function clockText(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const s = String(whole % 60).padStart(2, '0');
    const m = Math.floor(whole / 60) % 60;
    const h = Math.floor(whole / 3600);
    return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}
export function spokenText(seconds, language) {
    const whole = Math.max(0, Math.floor(seconds));
    const parts = [
        [Math.floor(whole / 3600), 'hour'],
        [Math.floor(whole / 60) % 60, 'minute'],
        [whole % 60, 'second'],
    ];
    const said = parts.filter(([n, unit]) => n > 0 || (unit === 'second' && whole === 0));
    return said
        .map(([n, unit]) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(n))
        .join(' ');
}
export function dayTimeText(at, language) {
    return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}
const localeOf = (language) => (language === 'en' ? 'en-GB' : language);
export function dateText(at, language, now) {
    const locale = localeOf(language);
    const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' };
    const part = (options) => new Intl.DateTimeFormat(locale, options).format(at);
    const zone = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(at).find(({ type }) => type === 'timeZoneName');
    const time = `${dayTimeText(at, language)}${language === 'de' ? ' Uhr' : ''} ${zone?.value ?? ''}`;
    return `${part({ weekday: 'long' })}, ${part({ day: 'numeric', month: 'long', ...year })}, ${time.trim()}`;
}
export function dayText(day, language) {
    return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'long', timeZone: 'UTC' }).format(Date.parse(day));
}
export function countdownText(seconds, language) {
    const days = Math.floor(seconds / 86_400);
    if (days < 1)
        return clockText(seconds);
    return new Intl.NumberFormat(language, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(days);
}
