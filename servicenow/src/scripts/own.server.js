// Approved is only what somebody else has approved: neither who asks for it, nor who made the record, nor somebody in
// whose place one of them has decided. Decisions on earlier terms stay where they are: the latest tells.
(function executeRule(current) {
    if (current.getValue('approval') !== 'approved' || !current.getElement('approval').changes()) {
        return;
    }
    var hands = [current.getValue('sys_created_by'), String(current.opened_by.user_name)];
    var decisions = new GlideRecord('sysapproval_approver');
    decisions.addQuery('sysapproval', current.getUniqueValue());
    decisions.addQuery('state', 'approved');
    decisions.query();
    var latest = { own: '', other: '' };
    while (decisions.next()) {
        var named = [String(decisions.approver.user_name), decisions.getValue('sys_updated_by')];
        var own = named.some(function (name) {
            return hands.indexOf(name) >= 0;
        });
        var whose = own || decisions.getValue('approver') === current.getValue('opened_by') ? 'own' : 'other';
        var decided = decisions.getValue('sys_updated_on');
        latest[whose] = decided > latest[whose] ? decided : latest[whose];
    }
    if (latest.other !== '' && latest.other >= latest.own) {
        return;
    }
    gs.addErrorMessage('Nobody approves his own standing approval. Somebody else of the approvers has to.');
    current.setValue('work_notes', 'Not approved: nobody but who asked for it has approved it. Alter it to have it asked for again.');
    current.setValue('approval', 'rejected');
})(current);
