// Approved is only what somebody else has approved: neither who asks for it, nor who made the record.
(function executeRule(current) {
    if (current.getValue('approval') !== 'approved' || !current.getElement('approval').changes()) {
        return;
    }
    var decisions = new GlideRecord('sysapproval_approver');
    decisions.addQuery('sysapproval', current.getUniqueValue());
    decisions.addQuery('state', 'approved');
    decisions.query();
    while (decisions.next()) {
        var own = decisions.getValue('approver') === current.getValue('opened_by');
        var made = String(decisions.approver.user_name) === current.getValue('sys_created_by');
        if (!own && !made) {
            return;
        }
    }
    gs.addErrorMessage('Nobody approves his own standing approval. Somebody else of the approvers has to.');
    current.setValue('work_notes', 'Not approved: nobody but who asked for it has approved it. Alter it to have it asked for again.');
    current.setValue('approval', 'rejected');
})(current);
