// Times as people read them.

/** `4:07`, `1:02:07`; negative times count as zero. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** A length in whole units for a screen reader: "1 hour 2 minutes 7 seconds", in the page's language. */
export function spokenText(seconds: number, language: string): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  const said = parts.filter(([n, unit]) => n > 0 || (unit === 'second' && whole === 0));
  return said
    .map(([n, unit]) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(n))
    .join(' ');
}

/** Time of day of a Unix time in milliseconds: `20:41`. */
export function dayTimeText(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** Plain "en" is American, with the month before the day. */
const localeOf = (language: string): string => (language === 'en' ? 'en-GB' : language);

/**
 * Date, with the year if it is not that of `now`, time of day and its zone: `Friday, 20 November, 20:00 CET`, `Freitag, 20. November, 20:00 Uhr MEZ`. Put
 * together here, because browsers of different ages join these parts in different ways.
 */
export function dateText(at: number, language: string, now: number): string {
  const locale = localeOf(language);
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const };
  const part = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(locale, options).format(at);
  const zone = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(at).find(({ type }) => type === 'timeZoneName');
  const time = `${dayTimeText(at, language)}${language === 'de' ? ' Uhr' : ''} ${zone?.value ?? ''}`;
  return `${part({ weekday: 'long' })}, ${part({ day: 'numeric', month: 'long', ...year })}, ${time.trim()}`;
}

/** A day of the calendar, given as `2026-11-30`: `30 November 2026`. */
export function dayText(day: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'long', timeZone: 'UTC' }).format(Date.parse(day));
}

/** Time that is left until a start: days as words, less than a day as a clock. */
export function countdownText(seconds: number, language: string): string {
  const days = Math.floor(seconds / 86_400);
  if (days < 1) return clockText(seconds);
  return new Intl.NumberFormat(language, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(days);
}
