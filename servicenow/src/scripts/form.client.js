// Placeholder
function onSubmit() { return true; }
