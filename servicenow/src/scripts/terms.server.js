(function executeRule(current, previous) {})(current, previous);
