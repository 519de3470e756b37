// A standing approval is of its terms. Whoever alters one takes the approval away, and it is asked for anew.
(function executeRule(current, previous) {
    var terms = ['u_prefix', 'u_destination', 'u_until', 'u_path', 'opened_by'];
    if (current.isNewRecord()) {
        // Whatever was sent along: nobody has been asked yet, and nobody asks in another's name, by whose grants it would go.
        current.setValue('approval', 'not requested');
        if (!gs.hasRole('admin')) {
            current.setValue('opened_by', gs.getUserID());
        }
        return;
    }
    var altered = terms.filter(function (name) {
        return current.getElement(name).changes();
    });
    if (altered.length === 0) {
        return;
    }
    if (previous.getValue('approval') === 'requested') {
        // The approvers look at the old terms at this moment.
        gs.addErrorMessage('It is before the approvers. Wait for their decision, or close it and make a new one.');
        current.setAbortAction(true);
        return;
    }
    if (previous.getValue('approval') !== 'not requested') {
        current.setValue('work_notes', 'The approval was of other terms, and is asked for again. Altered: ' + altered.join(', '));
    }
    current.setValue('approval', 'not requested');
})(current, previous);
