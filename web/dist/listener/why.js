import { slateText } from './situation.js';
export const STEPS = ['server', 'show', 'stream', 'arriving', 'decoder', 'programme', 'player', 'volume', 'leaving', 'output'];
const SILENT_DBFS = -60;
const QUIET_VOLUME = 0.15;
const ENOUGH = 0.7;
export function stepsOf(found, texts) {
    const steps = STEPS.map((name) => ({ name, ...JUDGES[name](found, texts) }));
    const broken = steps.findIndex((step) => step.verdict === 'bad' && LATER_DEPEND.has(step.name));
    if (broken < 0)
        return steps;
    return steps.map((step, i) => (i > broken && THROUGH_SERVER.has(step.name) ? { ...step, ...skipped() } : step));
}
export function conclusionOf(steps, texts) {
    const t = texts.why;
    if (steps.some((step) => step.verdict === 'checking'))
        return null;
    const found = steps.find((step) => step.verdict === 'bad') ?? steps.find((step) => step.verdict === 'note');
    return found ? t.found(found.result) : t.allGood;
}
const LATER_DEPEND = new Set(['server', 'stream', 'arriving']);
const THROUGH_SERVER = new Set(['show', 'stream', 'arriving', 'decoder', 'programme']);
const checking = () => ({ verdict: 'checking', result: '', mend: null });
const skipped = () => ({ verdict: 'skipped', result: '', mend: null });
const good = (result) => ({ verdict: 'good', result, mend: null });
const note = (result) => ({ verdict: 'note', result, mend: null });
const bad = (result, mend = null) => ({ verdict: 'bad', result, mend });
const JUDGES = {
    server({ server, online }, { why: t, refusals }) {
        if (server === null)
            return checking();
        if ('answered_ms' in server)
            return good(t.serverGood(Math.round(server.answered_ms)));
        if (!server.problem.unreachable)
            return bad(server.problem.sentence('', refusals));
        return bad(online ? t.serverSilent : t.offline);
    },
    show({ status, server, gate }, texts) {
        const t = texts.why;
        if (server === null)
            return checking();
        if (status === null)
            return skipped();
        if (status.phase === 'announced')
            return note(t.showClosed);
        if (status.phase === 'ended')
            return status.recording.ready ? good(t.showRecorded) : note(status.recording.missing ? texts.listener.unrecorded : texts.listener.preparing);
        if (gate === 'waiting')
            return note(t.showFull);
        if (status.phase === 'on_air' && status.slate === null)
            return good(t.showOnAir);
        return note(slateText(status.slate, texts) || t.showOnAir);
    },
    stream({ stream, sounds, gate }, { why: t, refusals }) {
        if (!sounds || gate)
            return skipped();
        if (stream === null)
            return checking();
        if (!('problem' in stream))
            return good(t.streamGood);
        return bad(stream.problem.sentence(t.streamSilent, refusals));
    },
    arriving({ stream, sounds, gate }, { why: t, language }) {
        if (!sounds || gate)
            return skipped();
        if (stream === null)
            return checking();
        if ('problem' in stream)
            return skipped();
        const kb_per_s = (stream.bytes_per_s / 1000).toLocaleString(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
        if (stream.bytes === 0)
            return bad(t.arrivingNothing);
        return stream.bytes_per_s < ENOUGH * stream.due_bytes_per_s ? bad(t.arrivingSlow(kb_per_s)) : good(t.arrivingGood(kb_per_s));
    },
    decoder({ decoded, sounds, gate }, { why: t }) {
        if (!sounds || gate)
            return skipped();
        if (decoded === null)
            return checking();
        return decoded === 'failed' ? bad(t.decoderBad) : good(t.decoderGood);
    },
    programme({ decoded, status, sounds, gate }, { why: t }) {
        if (!sounds || gate || decoded === 'failed')
            return skipped();
        if (decoded === null)
            return checking();
        if (decoded.level_dbfs < SILENT_DBFS)
            return note(t.programmeSilent);
        return status?.phase !== 'ended' && status?.slate ? note(t.programmeSlate) : good(t.programmeGood(levelText(decoded.level_dbfs)));
    },
    player({ player, sounds }, { why: t }) {
        if (player === null)
            return checking();
        if (!sounds)
            return skipped();
        const { phase, moves } = player;
        if (phase === 'in_line')
            return skipped();
        if (phase === 'blocked')
            return bad(t.playerBlocked, 'listen');
        if (phase === 'stopped' || phase === 'ended' || phase === 'failed')
            return bad(t.playerStopped, 'listen');
        if (phase === 'paused')
            return bad(t.playerPaused, 'listen');
        return moves ? good(t.playerGood) : bad(t.playerStuck);
    },
    volume({ volume }, { why: t }) {
        if (volume === null)
            return checking();
        if (volume.muted)
            return bad(t.volumeMuted, 'unmute');
        const percent = Math.round(volume.level * 100);
        return volume.level < QUIET_VOLUME ? bad(t.volumeLow(percent), 'louder') : good(t.volumeGood(percent));
    },
    leaving({ leaving_dbfs, decoded, player, gate }, { why: t }) {
        if (leaving_dbfs === null)
            return checking();
        if (leaving_dbfs === 'unknown' || !player?.moves)
            return skipped();
        if (leaving_dbfs >= SILENT_DBFS)
            return good(t.leavingGood);
        if (gate)
            return skipped();
        const programmeSounds = decoded !== null && decoded !== 'failed' && decoded.level_dbfs >= SILENT_DBFS;
        return programmeSounds ? bad(t.leavingSilent) : note(t.programmeSilent);
    },
    output({ output }, { why: t }) {
        if (output === null)
            return checking();
        if (output === 'stuck')
            return bad(t.outputStuck);
        return output === 'runs' ? good(t.outputGood) : skipped();
    },
};
function levelText(dbfs) {
    return `${Math.round(dbfs)} dB`.replace('-', '\u2212');
}
