// The desk learns that FileFerry fell silent where it already looks.
import { Property, ScheduledScript } from '@servicenow/sdk/core'

Property({
    $id: Now.ID['property-operators'],
    name: 'x_fferry.operators',
    type: 'string',
    value: '3435898bd57f44dcac19e10f83343e54',
    description: 'Group (sys_id) that gets the incident about a FileFerry that fell silent; empty: nobody.',
    ignoreCache: false,
    isPrivate: false,
})

ScheduledScript({
    $id: Now.ID['job-silence'],
    name: 'FileFerry: open an incident when it falls silent',
    active: true,
    frequency: 'periodically',
    executionInterval: { minutes: 5 },
    executionStart: '2026-01-01 00:00:00',
    timeZone: 'UTC',
    script: Now.include('../scripts/silence.server.js'),
})
