// Standing approvals: who is asked, and the two rules that nobody gets around in the browser.
import { BusinessRule } from '@servicenow/sdk/core'
import { action, Flow, trigger, wfa } from '@servicenow/sdk/automation'

export const standingApproval = Flow(
    {
        $id: Now.ID['flow-standing'],
        name: 'FileFerry: standing approval',
        description: 'Puts a standing approval before the approvers, again whenever its terms were altered.',
        runAs: 'system',
    },
    wfa.trigger(
        trigger.record.createdOrUpdated,
        { $id: Now.ID['flow-standing-trigger'] },
        {
            table: 'x_fferry_standing_approval',
            condition: 'active=true^approval=not requested',
            run_flow_in: 'background',
            trigger_strategy: 'always',
        }
    ),
    (params) => {
        wfa.action(
            action.core.askForApproval,
            { $id: Now.ID['flow-standing-approval'] },
            {
                record: wfa.dataPill(params.trigger.current, 'reference'),
                table: 'x_fferry_standing_approval',
                approval_field: 'approval',
                journal_field: 'approval_history',
                approval_reason: 'Objects under a prefix are to be sent to a partner until a day',
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
    }
)

BusinessRule({
    $id: Now.ID['rule-terms'],
    name: 'FileFerry: altered terms lose the approval',
    table: 'x_fferry_standing_approval',
    active: true,
    when: 'before',
    order: 50,
    action: ['insert', 'update'],
    script: Now.include('../scripts/terms.server.js'),
})

BusinessRule({
    $id: Now.ID['rule-own'],
    name: 'FileFerry: nobody approves his own',
    table: 'x_fferry_standing_approval',
    active: true,
    when: 'before',
    order: 100,
    action: ['insert', 'update'],
    script: Now.include('../scripts/own.server.js'),
})
