// What the form can tell before anybody is asked. It refuses only what FileFerry would refuse as well, and decides
// nothing: FileFerry reads the order itself. One file for both scripts of the item; each calls its own function.
function onChange(control, oldValue, newValue, isLoading) {
    g_form.hideFieldMsg('source', true);
    var fault = isLoading ? '' : faultOfSources(newValue);
    if (fault) {
        g_form.showFieldMsg('source', fault, 'error');
    }
}

function onSubmit() {
    var faults = {
        source: faultOfSources(g_form.getValue('source')),
        path: faultOfPath(g_form.getValue('path')),
        sha256: faultOfDigest(g_form.getValue('sha256')),
    };
    var right = true;
    for (var name in faults) {
        g_form.hideFieldMsg(name, true);
        if (faults[name]) {
            g_form.showFieldMsg(name, faults[name], 'error');
            right = false;
        }
    }
    return right;
}

function faultOfSources(text) {
    var lines = String(text || '').split(/\r\n|\r|\n/).map(function (line) {
        return line.trim();
    }).filter(Boolean);
    if (lines.length === 0) {
        return 'Name at least one object, as in s3://bucket/key.';
    }
    if (lines.length > 1000) {
        return 'An order has 1,000 lines at most; list more files in a manifest.';
    }
    for (var at = 0; at < lines.length; at++) {
        var fault = faultOfSource(lines[at]);
        if (fault) {
            return 'Line ' + (at + 1) + ': ' + fault;
        }
    }
    return '';
}

function faultOfSource(line) {
    var uri = line.charAt(0) === '@' ? line.slice(1) : line;
    var parts = /^s3:\/\/([^\/]*)\/(.+)$/.exec(uri);
    if (!parts) {
        return 'this is not of the form s3://bucket/key.';
    }
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(parts[1])) {
        return 'no bucket has this name.';
    }
    if (parts[2].length > 1024) {
        return 'the key is longer than 1,024 characters.';
    }
    return '';
}

function faultOfPath(text) {
    var path = String(text || '').trim();
    if (/^[\/~]/.test(path)) {
        return 'The path is below the root of the destination: it begins with neither / nor ~.';
    }
    if (/\\/.test(path) || path.split('/').indexOf('..') >= 0) {
        return 'The path must have no backslash, and no folder “..”.';
    }
    return '';
}

function faultOfDigest(text) {
    var digest = String(text || '').trim();
    return digest === '' || /^[0-9A-Fa-f]{64}$/.test(digest) ? '' : 'A SHA-256 is 64 hex digits, as sha256sum prints them.';
}
