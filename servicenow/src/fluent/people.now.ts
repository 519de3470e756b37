// Who is who: roles, groups, the account of FileFerry itself, and which group has which role.
// Groups and the account are laid down once ("first install"): what an administrator makes of them
// afterwards, an upgrade leaves alone. The account has no password and no key; see docs/servicenow.md.
import { Record, Role } from '@servicenow/sdk/core'

export const integration = Role({
    name: 'x_fferry.integration',
    description: 'What the account of FileFerry itself may read and write. For that account alone.',
})
export const requester = Role({
    name: 'x_fferry.requester',
    description: 'May order file transfers and ask for standing approvals.',
})
export const approver = Role({
    name: 'x_fferry.approver',
    description: 'Sees the standing approvals that are put before the approvers.',
})
export const operator = Role({
    name: 'x_fferry.operator',
    description: 'Sees the health of FileFerry, its destinations and all standing approvals.',
})

export const automation = Record({
    $id: Now.ID['group-automation'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user_group',
    data: {
        name: 'FileFerry automation',
        description: 'The assignment group whose catalog tasks FileFerry works on. Nobody else is in it.',
        active: true,
    },
})
export const approvers = Record({
    $id: Now.ID['group-approvers'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user_group',
    data: {
        name: 'File transfer approvers',
        description: 'Whose members may approve file transfers and standing approvals.',
        active: true,
    },
})
export const requesters = Record({
    $id: Now.ID['group-requesters'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user_group',
    data: {
        name: 'File transfer requesters',
        description: 'Whose members may order file transfers.',
        active: true,
    },
})
export const operators = Record({
    $id: Now.ID['group-operators'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user_group',
    data: {
        name: 'FileFerry operators',
        description: 'Who looks into failed transfers and a silent FileFerry.',
        active: true,
    },
})

export const account = Record({
    $id: Now.ID['user-fileferry'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user',
    data: {
        user_name: 'fileferry',
        first_name: 'FileFerry',
        last_name: 'Integration',
        active: true,
        web_service_access_only: true,
        internal_integration_user: true,
    },
})
Record({
    $id: Now.ID['member-fileferry'],
    $meta: { installMethod: 'first install' },
    table: 'sys_user_grmember',
    data: { group: automation, user: account },
})

Record({
    $id: Now.ID['grant-integration'],
    $meta: { installMethod: 'first install' },
    table: 'sys_group_has_role',
    data: { group: automation, role: integration, inherits: true },
})
Record({
    $id: Now.ID['grant-approver'],
    $meta: { installMethod: 'first install' },
    table: 'sys_group_has_role',
    data: { group: approvers, role: approver, inherits: true },
})
Record({
    $id: Now.ID['grant-requester'],
    $meta: { installMethod: 'first install' },
    table: 'sys_group_has_role',
    data: { group: requesters, role: requester, inherits: true },
})
Record({
    $id: Now.ID['grant-operator'],
    $meta: { installMethod: 'first install' },
    table: 'sys_group_has_role',
    data: { group: operators, role: operator, inherits: true },
})
