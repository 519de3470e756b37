// What the account of FileFerry may do with ServiceNow's own tables: docs/servicenow.md, 2.
//
// A scoped application may rule on another's table by whole records only, neither by script nor by field (ServiceNow's
// documentation, "ACL rules in scoped applications"). So each of these opens the records, and says which fields are
// used; the instance's own rules go on to decide on the fields. Administrators pass all of them: where nothing but the
// rule for all tables stood before, nobody loses what he had.
import { Acl } from '@servicenow/sdk/core'
import { integration } from './people.now'

Acl({
    $id: Now.ID['acl-sc_task-read'],
    type: 'record',
    table: 'sc_task',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id number sys_created_on active state assignment_group request_item close_notes',
})

Acl({
    $id: Now.ID['acl-sc_req_item-read'],
    type: 'record',
    table: 'sc_req_item',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: number active state approval cat_item request opened_by requested_for sys_created_on sys_created_by sys_updated_on sys_updated_by',
})

Acl({
    $id: Now.ID['acl-sc_request-read'],
    type: 'record',
    table: 'sc_request',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: number request_state approval requested_for sys_updated_on sys_updated_by',
})

Acl({
    $id: Now.ID['acl-sys_user-read'],
    type: 'record',
    table: 'sys_user',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: user_name',
})

Acl({
    $id: Now.ID['acl-sysapproval_approver-read'],
    type: 'record',
    table: 'sysapproval_approver',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id sysapproval approver state sys_updated_on sys_updated_by',
})

Acl({
    $id: Now.ID['acl-sys_user_grmember-read'],
    type: 'record',
    table: 'sys_user_grmember',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id group user',
})

Acl({
    $id: Now.ID['acl-sc_item_option_mtom-read'],
    type: 'record',
    table: 'sc_item_option_mtom',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id request_item sc_item_option sys_updated_on sys_updated_by',
})

Acl({
    $id: Now.ID['acl-sc_item_option-read'],
    type: 'record',
    table: 'sc_item_option',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: value sys_updated_on sys_updated_by item_option_new',
})

Acl({
    $id: Now.ID['acl-item_option_new-read'],
    type: 'record',
    table: 'item_option_new',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: name',
})

Acl({
    $id: Now.ID['acl-incident-read'],
    type: 'record',
    table: 'incident',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id number state active urgency caller_id assignment_group correlation_id close_code close_notes work_notes comments',
})

Acl({
    $id: Now.ID['acl-sys_attachment-read'],
    type: 'record',
    table: 'sys_attachment',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id file_name table_name table_sys_id hash state',
})

Acl({
    $id: Now.ID['acl-sys_audit-read'],
    type: 'record',
    table: 'sys_audit',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id documentkey fieldname newvalue user sys_created_on',
})

Acl({
    $id: Now.ID['acl-sys_journal_field-read'],
    type: 'record',
    table: 'sys_journal_field',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id element_id element value sys_created_on',
})

Acl({
    $id: Now.ID['acl-sys_choice-read'],
    type: 'record',
    table: 'sys_choice',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id name element value inactive',
})

Acl({
    $id: Now.ID['acl-ecc_queue-read'],
    type: 'record',
    table: 'ecc_queue',
    operation: 'read',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id agent queue state topic name source payload sequence response_to',
})

Acl({
    $id: Now.ID['acl-sc_task-write'],
    type: 'record',
    table: 'sc_task',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: state work_notes close_notes',
})

Acl({
    $id: Now.ID['acl-incident-write'],
    type: 'record',
    table: 'incident',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: state close_code close_notes work_notes comments assignment_group',
})

Acl({
    $id: Now.ID['acl-ecc_queue-write'],
    type: 'record',
    table: 'ecc_queue',
    operation: 'write',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: state error_string',
})

Acl({
    $id: Now.ID['acl-incident-create'],
    type: 'record',
    table: 'incident',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id short_description description category impact urgency correlation_id correlation_display caller_id notify',
})

Acl({
    $id: Now.ID['acl-sys_attachment-create'],
    type: 'record',
    table: 'sys_attachment',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id file_name table_name table_sys_id hash state',
})

Acl({
    $id: Now.ID['acl-ecc_queue-create'],
    type: 'record',
    table: 'ecc_queue',
    operation: 'create',
    active: true,
    adminOverrides: true,
    decisionType: 'allow',
    localOrExisting: 'Existing',
    roles: [integration],
    description: 'FileFerry uses: sys_id agent topic name source queue state response_to payload',
})
