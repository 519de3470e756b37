// What people see of it in the navigator.
import { ApplicationMenu, CrossScopePrivilege, List, Record } from '@servicenow/sdk/core'
import { approver, operator, requester } from './people.now'

export const menu = ApplicationMenu({
    $id: Now.ID['menu'],
    title: 'FileFerry',
    hint: 'File transfers from S3 to partners',
    active: true,
    roles: [requester, approver, operator],
})

export const transfers = Record({
    $id: Now.ID['view-transfers'],
    table: 'sys_ui_view',
    data: { name: 'x_fferry_transfers', title: 'File transfers' },
})

// The user ticket is the requester's: its state is the progress, its close notes are the result with each file's size
// and checksums. Nobody without a right of his own to incidents can write here.
List({
    table: 'incident',
    view: transfers,
    columns: ['number', 'correlation_display', 'short_description', 'state', 'close_notes', 'sys_updated_on'],
})
Record({
    $id: Now.ID['module-transfers'],
    table: 'sys_app_module',
    data: {
        title: 'My transfers',
        application: menu,
        link_type: 'LIST',
        name: 'incident',
        filter: 'caller_idDYNAMIC90d1921e5f510100a9ad2572f2b477fe^correlation_displaySTARTSWITHFileFerry ^ORDERBYDESCsys_created_on',
        view_name: 'x_fferry_transfers',
        hint: 'Progress, result and checksums of what was sent for you',
        active: true,
        order: 100,
    },
})
List({
    table: 'sc_req_item',
    view: transfers,
    columns: ['number', 'approval', 'state', 'opened_by', 'requested_for', 'sys_created_on'],
})
Record({
    $id: Now.ID['module-orders'],
    table: 'sys_app_module',
    data: {
        title: 'My orders',
        application: menu,
        link_type: 'LIST',
        name: 'sc_req_item',
        filter: 'cat_item=bb81cea0816343b69af2b8e15b93f22f^requested_forDYNAMIC90d1921e5f510100a9ad2572f2b477fe^ORopened_byDYNAMIC90d1921e5f510100a9ad2572f2b477fe^ORDERBYDESCsys_created_on',
        view_name: 'x_fferry_transfers',
        hint: 'Whether they are approved, and how they were closed',
        active: true,
        order: 200,
    },
})
List({
    table: 'x_fferry_standing_approval',
    view: transfers,
    columns: ['number', 'u_prefix', 'u_destination', 'u_path', 'u_until', 'approval', 'opened_by', 'active'],
})
Record({
    $id: Now.ID['module-standing'],
    table: 'sys_app_module',
    data: {
        title: 'Standing approvals',
        application: menu,
        link_type: 'LIST',
        name: 'x_fferry_standing_approval',
        view_name: 'x_fferry_transfers',
        active: true,
        order: 300,
    },
})
List({
    table: 'x_fferry_heartbeat',
    view: transfers,
    columns: ['instance', 'health', 'sentence', 'code', 'running', 'waiting', 'seen', 'silent_since', 'incident', 'version'],
})
Record({
    $id: Now.ID['module-heartbeat'],
    table: 'sys_app_module',
    data: {
        title: 'Health',
        application: menu,
        link_type: 'LIST',
        name: 'x_fferry_heartbeat',
        view_name: 'x_fferry_transfers',
        roles: ['x_fferry.operator'],
        active: true,
        order: 400,
    },
})
List({
    table: 'x_fferry_destination',
    view: transfers,
    columns: ['name', 'description', 'active', 'instance'],
})
Record({
    $id: Now.ID['module-destinations'],
    table: 'sys_app_module',
    data: {
        title: 'Destinations',
        application: menu,
        link_type: 'LIST',
        name: 'x_fferry_destination',
        view_name: 'x_fferry_transfers',
        roles: ['x_fferry.operator'],
        active: true,
        order: 500,
    },
})

// What the rules and the job of the application touch outside of it.
CrossScopePrivilege({
    $id: Now.ID['privilege-incident-create'],
    operation: 'create',
    status: 'allowed',
    targetName: 'incident',
    targetScope: 'global',
    targetType: 'sys_db_object',
})
CrossScopePrivilege({
    $id: Now.ID['privilege-incident-read'],
    operation: 'read',
    status: 'allowed',
    targetName: 'incident',
    targetScope: 'global',
    targetType: 'sys_db_object',
})
CrossScopePrivilege({
    $id: Now.ID['privilege-incident-write'],
    operation: 'write',
    status: 'allowed',
    targetName: 'incident',
    targetScope: 'global',
    targetType: 'sys_db_object',
})
CrossScopePrivilege({
    $id: Now.ID['privilege-approvals-read'],
    operation: 'read',
    status: 'allowed',
    targetName: 'sysapproval_approver',
    targetScope: 'global',
    targetType: 'sys_db_object',
})
