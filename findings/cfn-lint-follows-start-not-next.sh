#!/usr/bin/env bash
# cfn-lint's E3601 says that a state machine's StartAt names a state that is not there. Of a Next, a
# Default and a Catch that name none it says nothing, in a Definition as in a DefinitionString.
#
# Amazon States Language, "Transitions": the value of Next must be the name of a state. The template
# deploys as far as Step Functions, which refuses it there (MISSING_TRANSITION_TARGET by
# ValidateStateMachineDefinition). A linter's silence about transitions is no proof of them.
# Seen: cfn-lint 1.58.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install cfn-lint==1.58.0

seen=$(v/bin/python - <<'PY'
import json
import subprocess

END = {"Type": "Succeed"}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
CHOICE = {"Variable": "$.size", "IsPresent": True, "Next": "B"}
MACHINES = {
    "StartAt": {"StartAt": "Nowhere", "States": {"B": END}},
    "Next": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}, "B": END}},
    "Default": {
        "StartAt": "A",
        "States": {"A": {"Type": "Choice", "Choices": [CHOICE], "Default": "Nowhere"}, "B": END},
    },
    "Catch": {
        "StartAt": "A",
        "States": {"A": {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]}},
    },
}
for place, machine in MACHINES.items():
    said = []
    for form in ({"Definition": machine}, {"DefinitionString": json.dumps(machine)}):
        role = "arn:aws:iam::123456789012:role/of-nobody"
        it = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": role, **form}}
        with open("template.json", "w", encoding="ascii") as file:
            json.dump({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": it}}, file)
        run = subprocess.run(["v/bin/cfn-lint", "template.json"], capture_output=True, text=True)
        said.append("E3601" if "E3601" in run.stdout else run.stdout.strip() or "nothing")
    print(f"{place} to a state that is not there: {said[0]} | {said[1]}")
PY
)
echo "cfn-lint 1.58.0, Definition | DefinitionString:"
echo "$seen"
grep -qx "StartAt to a state that is not there: E3601 | E3601" <<<"$seen"
for each in Next Default Catch; do
  grep -qx "$each to a state that is not there: nothing | nothing" <<<"$seen"
done
