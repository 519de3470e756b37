"""CloudFormation's kinds of things, in words of people."""

from __future__ import annotations

KINDS = {
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::DynamoDB::Table": "table (the ledger)",
    "AWS::Events::Rule": "event rule",
    "AWS::IAM::ManagedPolicy": "policy",
    "AWS::IAM::Role": "role",
    "AWS::Lambda::Function": "function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::SQS::Queue": "queue",
    "AWS::SQS::QueuePolicy": "queue policy",
    "AWS::StepFunctions::StateMachine": "state machine",
}


def kind(word: str) -> str:
    return KINDS.get(word, word)
