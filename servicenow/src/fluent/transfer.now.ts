// What becomes of an order: its approval, the catalog task that FileFerry works on, its closing.
//
// The sys_ids are those of generated/keys.ts, written out: a record in their place is packed as
// `[object Object]`, and nobody would be asked. tests/servicenow_app looks at what is built.
import { action, Flow, trigger, wfa } from '@servicenow/sdk/automation'

export const fileTransfer = Flow(
    {
        $id: Now.ID['flow-file-transfer'],
        name: 'FileFerry: file transfer',
        description: 'Approval by the approvers, catalog task for FileFerry, item closed as the task was.',
        runAs: 'system',
    },
    wfa.trigger(trigger.application.serviceCatalog, { $id: Now.ID['flow-file-transfer-trigger'] }, { run_flow_in: 'background' }),
    (params) => {
        const approval = wfa.action(
            action.core.askForApproval,
            { $id: Now.ID['flow-file-transfer-approval'] },
            {
                record: wfa.dataPill(params.trigger.request_item, 'reference'),
                table: 'sc_req_item',
                approval_field: 'approval',
                journal_field: 'approval_history',
                approval_reason: 'Files are to be sent to a partner',
                approval_conditions: wfa.approvalRules({
                    conditionType: 'OR',
                    ruleSets: [
                        {
                            action: 'ApprovesRejects',
                            conditionType: 'AND',
                            rules: [[{ ruleType: 'Any', users: [], groups: ['26a3c16b8bef4b2c8f64921914c0bef6'], manual: false }]],
                        },
                    ],
                }),
            }
        )
        wfa.flowLogic.if(
            {
                $id: Now.ID['flow-file-transfer-approved'],
                condition: `${wfa.dataPill(approval.approval_state, 'choice')}=approved`,
                annotation: 'Approved',
            },
            () => {
                wfa.action(
                    action.core.createCatalogTask,
                    { $id: Now.ID['flow-file-transfer-task'] },
                    {
                        ah_requested_item: wfa.dataPill(params.trigger.request_item, 'reference'),
                        ah_short_description: 'File transfer',
                        ah_fields: TemplateValue({
                            assignment_group: 'c85e29d91ed142229cd818187f75d7cf',
                            state: '1',
                        }),
                        ah_wait: true,
                    }
                )
                const delivered = wfa.action(
                    action.core.lookUpRecords,
                    { $id: Now.ID['flow-file-transfer-delivered'] },
                    {
                        table: 'sc_task',
                        conditions: `request_item=${wfa.dataPill(params.trigger.request_item, 'reference')}^state=3`,
                        max_results: 1,
                    }
                )
                wfa.flowLogic.if(
                    {
                        $id: Now.ID['flow-file-transfer-complete'],
                        condition: `${wfa.dataPill(delivered.Count, 'integer')}>0`,
                        annotation: 'The task was closed as complete',
                    },
                    () => {
                        wfa.action(
                            action.core.updateRecord,
                            { $id: Now.ID['flow-file-transfer-close'] },
                            {
                                table_name: 'sc_req_item',
                                record: wfa.dataPill(params.trigger.request_item, 'reference'),
                                values: TemplateValue({ state: '3', stage: 'completed' }),
                            }
                        )
                    }
                )
                wfa.flowLogic.else({ $id: Now.ID['flow-file-transfer-incomplete'] }, () => {
                    wfa.action(
                        action.core.updateRecord,
                        { $id: Now.ID['flow-file-transfer-close-incomplete'] },
                        {
                            table_name: 'sc_req_item',
                            record: wfa.dataPill(params.trigger.request_item, 'reference'),
                            values: TemplateValue({ state: '4', stage: 'completed' }),
                        }
                    )
                })
            }
        )
        wfa.flowLogic.else({ $id: Now.ID['flow-file-transfer-refused'] }, () => {
            wfa.action(
                action.core.updateRecord,
                { $id: Now.ID['flow-file-transfer-close-refused'] },
                {
                    table_name: 'sc_req_item',
                    record: wfa.dataPill(params.trigger.request_item, 'reference'),
                    values: TemplateValue({ state: '4', stage: 'Request Cancelled' }),
                }
            )
        })
    }
)
