// Who may do what with the application's own tables. What stands in none of these is for administrators alone.
//
// `opened_by` is me: the dynamic filter "Me" of every instance, for a rule of the application's own tables as well as
// for a list.
import { Acl } from '@servicenow/sdk/core'
import { approver, integration, operator, requester } from './people.now'

Acl({
    $id: Now.ID['acl-standing-approval-read'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration, operator, approver],
})

Acl({
    $id: Now.ID['acl-standing-approval-read-own'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [requester],
    condition: 'opened_byDYNAMIC90d1921e5f510100a9ad2572f2b477fe',
})

Acl({
    $id: Now.ID['acl-standing-approval-create'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [requester, operator],
})

Acl({
    $id: Now.ID['acl-standing-approval-write-own'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [requester],
    condition: 'opened_byDYNAMIC90d1921e5f510100a9ad2572f2b477fe',
})

Acl({
    $id: Now.ID['acl-standing-approval-write'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [operator],
})

Acl({
    $id: Now.ID['acl-standing-approval-write-approval'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    field: 'approval',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: ['admin'],
})

Acl({
    $id: Now.ID['acl-standing-approval-write-opened_by'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    field: 'opened_by',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: ['admin'],
})

Acl({
    $id: Now.ID['acl-heartbeat-read'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration, operator],
})

Acl({
    $id: Now.ID['acl-heartbeat-create'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
})

Acl({
    $id: Now.ID['acl-heartbeat-write'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration, operator],
})

Acl({
    $id: Now.ID['acl-heartbeat-write-silent_after'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    field: 'silent_after',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [operator],
})

Acl({
    $id: Now.ID['acl-heartbeat-write-silent_since'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    field: 'silent_since',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: ['admin'],
})

Acl({
    $id: Now.ID['acl-heartbeat-write-incident'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    field: 'incident',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: ['admin'],
})

Acl({
    $id: Now.ID['acl-heartbeat-delete'],
    type: 'record',
    table: 'x_fferry_heartbeat',
    operation: 'delete',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [operator],
})

Acl({
    $id: Now.ID['acl-destination-read'],
    type: 'record',
    table: 'x_fferry_destination',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration, operator, requester, approver],
})

Acl({
    $id: Now.ID['acl-destination-create'],
    type: 'record',
    table: 'x_fferry_destination',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
})

Acl({
    $id: Now.ID['acl-destination-write'],
    type: 'record',
    table: 'x_fferry_destination',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
})

Acl({
    $id: Now.ID['acl-destination-delete'],
    type: 'record',
    table: 'x_fferry_destination',
    operation: 'delete',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [operator],
})

// The fields of a task, which the rules of Task would else keep to those with a role of their own.
Acl({
    $id: Now.ID['acl-standing-approval-read-fields'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    field: '*',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [approver, integration, operator, requester],
})
Acl({
    $id: Now.ID['acl-standing-approval-write-fields'],
    type: 'record',
    table: 'x_fferry_standing_approval',
    field: '*',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [operator, requester],
})
