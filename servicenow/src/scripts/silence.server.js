// Opens an incident when a FileFerry falls silent, one only, and notes on it when it is heard again.
//
// The instance's own clock decides (sys_updated_on), and each heartbeat alters `seen`. What this job
// writes moves sys_updated_on too: so it remembers at which `seen` the silence began.
(function () {
    var beats = new GlideRecord('x_fferry_heartbeat');
    beats.query();
    while (beats.next()) {
        look(beats);
    }

    function look(beat) {
        var since = beat.getValue('silent_since') || '';
        if (since !== '' && since !== beat.getValue('seen')) {
            note(beat, 'FileFerry is heard again since ' + beat.getValue('seen') + ' UTC by its clock. It says: ' + (beat.getValue('sentence') || ''));
            beat.setValue('silent_since', '');
            beat.update();
        } else if (since === '' && overdue(beat) && told(beat)) {
            beat.setValue('silent_since', beat.getValue('seen'));
            beat.update();
        }
    }

    function overdue(beat) {
        var minutes = parseInt(beat.getValue('silent_after'), 10);
        // Who stopped it on purpose needs no incident.
        if (!(minutes > 0) || beat.getValue('health') === 'stopped') {
            return false;
        }
        var now = new GlideDateTime().getNumericValue();
        var last = new GlideDateTime(beat.getValue('sys_updated_on')).getNumericValue();
        return now - last > minutes * 60000;
    }

    function told(beat) {
        var again = 'FileFerry ' + beat.getValue('instance') + ' is silent since ' + beat.getValue('sys_updated_on') + ' UTC.';
        if (note(beat, again)) {
            return true;
        }
        var incident = new GlideRecord('incident');
        incident.initialize();
        incident.setValue('short_description', 'FileFerry ' + beat.getValue('instance') + ' is silent');
        incident.setValue('description', again + ' Approved transfers wait meanwhile; none is lost.\nIt last said: ' +
            (beat.getValue('sentence') || '') + '\nSee `fileferry status` on its host, and docs/operating.md.');
        incident.setValue('impact', '2');
        incident.setValue('urgency', '2');
        incident.setValue('assignment_group', gs.getProperty('x_fferry.operators', ''));
        incident.setValue('correlation_display', 'FileFerry heartbeat');
        var made = incident.insert();
        if (!made) {
            gs.error('FileFerry: no incident could be opened about ' + beat.getValue('instance'));
            return false;
        }
        beat.setValue('incident', made);
        return true;
    }

    function note(beat, text) {
        var incident = new GlideRecord('incident');
        if (!beat.getValue('incident') || !incident.get(beat.getValue('incident')) || incident.getValue('active') !== '1') {
            return false;
        }
        incident.setValue('work_notes', text);
        return Boolean(incident.update());
    }
})();
