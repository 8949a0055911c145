import { dayText } from '../shared/timetext.js';
export function warningText({ notice, fields }, { language, operator: t }) {
    const { until, show } = fields;
    if (notice !== 'certificate_too_short' || typeof until !== 'string' || typeof show !== 'string')
        return null;
    return t.certificateTooShort(dayText(until, language), show);
}
