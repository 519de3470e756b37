// The tables of the application. FileFerry reads the first, and writes the other two.
import {
    BooleanColumn,
    DateColumn,
    DateTimeColumn,
    IntegerColumn,
    ReferenceColumn,
    StringColumn,
    Table,
} from '@servicenow/sdk/core'

export const x_fferry_standing_approval = Table({
    name: 'x_fferry_standing_approval',
    label: 'Standing Approval',
    extends: 'task',
    audit: true,
    allowWebServiceAccess: true,
    // ServiceNow's own scripts write `approval` when somebody has decided, and they are of another scope.
    actions: ['read', 'update'],
    autoNumber: { prefix: 'FFSA', number: 1000, numberOfDigits: 7 },
    display: 'number',
    schema: {
        u_prefix: StringColumn({
            label: 'Prefix',
            mandatory: true,
            maxLength: 1024,
            hint: 'S3 URIs that begin with this, letter by letter. End a folder with a slash.',
        }),
        u_destination: StringColumn({
            label: 'Destination',
            mandatory: true,
            maxLength: 100,
            hint: 'Name of a destination.',
        }),
        u_until: DateColumn({
            label: 'Until',
            mandatory: true,
            hint: 'The last day, to its end (UTC).',
        }),
        u_path: StringColumn({
            label: 'Path',
            maxLength: 1000,
            hint: 'Folder at the destination; empty is its root.',
        }),
    },
})

export const x_fferry_heartbeat = Table({
    name: 'x_fferry_heartbeat',
    label: 'FileFerry Heartbeat',
    allowWebServiceAccess: true,
    display: 'instance',
    schema: {
        instance: StringColumn({
            label: 'Service',
            mandatory: true,
            unique: true,
            maxLength: 100,
            hint: 'Which FileFerry this is: one row for each service.',
        }),
        version: StringColumn({ label: 'Version', maxLength: 40 }),
        health: StringColumn({
            label: 'Health',
            choices: {
                starting: 'Starting',
                well: 'Well',
                troubled: 'Troubled',
                stopping: 'Stopping',
                stopped: 'Stopped on purpose',
            },
            maxLength: 40,
        }),
        sentence: StringColumn({
            label: 'What it says',
            maxLength: 1000,
            hint: 'What `fileferry status` says, in a sentence.',
        }),
        code: StringColumn({ label: 'Code', maxLength: 60, hint: 'A code of docs/errors.md.' }),
        seen: DateTimeColumn({
            label: 'Last seen',
            mandatory: true,
            hint: 'By the clock of the host that FileFerry runs on.',
        }),
        since: DateTimeColumn({ label: 'Running since' }),
        running: IntegerColumn({ label: 'Under way' }),
        waiting: IntegerColumn({ label: 'Waiting' }),
        silent_after: IntegerColumn({
            label: 'Silent after (minutes)',
            default: 15,
            hint: 'So many minutes after it last wrote here an incident is opened. 0: never.',
        }),
        silent_since: DateTimeColumn({
            label: 'Silent since',
            hint: 'When it was last seen before it fell silent; empty while it is heard. Written by the scheduled job.',
        }),
        incident: ReferenceColumn({
            label: 'Incident',
            referenceTable: 'incident',
            hint: 'Written by the scheduled job.',
        }),
    },
})

export const x_fferry_destination = Table({
    name: 'x_fferry_destination',
    label: 'FileFerry Destination',
    allowWebServiceAccess: true,
    display: 'name',
    schema: {
        name: StringColumn({ label: 'Name', mandatory: true, unique: true, maxLength: 64 }),
        description: StringColumn({ label: 'Description', maxLength: 200 }),
        instance: StringColumn({
            label: 'Service',
            maxLength: 100,
            hint: 'The FileFerry that offers it, as in the heartbeat.',
        }),
        active: BooleanColumn({ label: 'Active', default: true }),
    },
})
