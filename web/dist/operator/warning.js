import { dayText } from '../shared/timetext.js';
const CERTIFICATE_TOO_SHORT = /^The certificate expires on (\d{4}-\d{2}-\d{2}), before the end of the show ([a-z0-9-]+) can be expected;/;
export function warningText(warning, { language, operator: t }) {
    const [, day = '', show = ''] = CERTIFICATE_TOO_SHORT.exec(warning) ?? [];
    return show === '' ? null : t.certificateTooShort(dayText(day, language), show);
}
