"""`fileferry deploy` on the embedded AWS: what it makes, changes, asks, refuses and takes away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.ledger.dynamo.books import dynamodb_shelf
from adapters.ledger.dynamo.definition import VERSION
from cloud import policies
from cloud.functions import FUNCTIONS
from cloud.looking import Finding
from cloud.template import STACK, Zip, as_text, template
from tests.cloud.site import BUCKET, NOTICES, Site, settings
from transfer.errors import Code, FerryError

TRUSTING = {
    "Effect": "Allow",
    "Principal": {"Service": "states.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
KINDS = {"AWS::Lambda::Function": 8, "AWS::IAM::Role": 9, "AWS::Logs::LogGroup": 8}


def refused(site: Site, **deploy: Any) -> FerryError:
    with pytest.raises(FerryError) as caught:
        site.deploy(configured=settings(site.faults.endpoint_url, **deploy))
    return caught.value


def test_everything_is_made_and_works(site: Site) -> None:
    done = site.deploy()
    made = [each.kind for each in done.changes]
    assert {kind: made.count(kind) for kind in KINDS} == KINDS
    assert {each.action for each in done.changes} == {"Add"}
    assert done.outputs
    assert done.outputs["StateMachine"].endswith(":stateMachine:FileFerry-Transfers")
    assert "furnished" in done.ledger
    ended = {each.resource for each in site.told.events if each.status == "CREATE_COMPLETE"}
    assert {each.resource for each in done.changes} <= ended
    assert not site.asked
    verified = list(site.parts().looking.verify(lambda: ()))
    wrong = [each for each in verified if not each.good]
    assert {each.what for each in wrong} == {"cloud.state_machine", "queue.url"}
    assert sum("refuses an unknown order" in each.said for each in verified) == len(FUNCTIONS)


def test_the_second_time_nothing_is_changed_and_no_change_set_stays(site: Site) -> None:
    site.deploy()
    assert site.deploy().changes == ()
    assert site.parts().deployment.plan(site.order()) == ()
    cloudformation = site.client("cloudformation")
    sets = cloudformation.list_change_sets(StackName=STACK)["Summaries"]
    assert [each for each in sets if each["ExecutionStatus"] == "AVAILABLE"] == []


def test_a_plan_leaves_nothing_behind_but_the_template(site: Site) -> None:
    assert len(site.parts().deployment.plan(site.order())) > 40
    assert site.stack is None
    [left] = site.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert left["Key"].endswith(".template.json")


def test_another_zip_changes_the_functions_alone(site: Site) -> None:
    site.deploy()
    changes = site.deploy(version=2).changes
    assert {each.kind for each in changes if "Code" in each.properties} == {"AWS::Lambda::Function"}
    assert not [each for each in changes if each.replaced == "True"]
    answer = site.client("lambda").invoke(FunctionName="FileFerry-Cleanup", Payload="{}")
    assert json.load(answer["Payload"])["version"] == 2
    assert not site.asked


def test_what_goes_is_named_and_asked_about(site: Site) -> None:
    site.deploy()
    order = site.order()
    del order.template["Resources"]["LedgerAlarm"]
    site.yes = False
    assert site.parts().deployment.deploy(order).declined
    assert "LedgerAlarm" in site.asked[0]
    assert site.asked[0].endswith("is taken away")
    assert site.deploy().changes == ()


def test_destroy_asks_and_the_ledger_stays(site: Site) -> None:
    site.deploy()
    site.yes = False
    assert site.parts().deployment.destroy() is None
    assert len(site.asked) > 40
    assert not any("ledger" in each for each in site.asked)
    assert site.stack
    site.yes = True
    gone = site.parts().deployment.destroy()
    assert gone
    assert site.stack is None
    tables = site.client("dynamodb")
    assert dynamodb_shelf(tables, "fileferry").check().version == VERSION
    assert site.parts().deployment.destroy() == []


def test_destroy_names_what_runs_and_stops_nothing(site: Site) -> None:
    outputs = site.deploy().outputs
    assert outputs
    trust = policies.policy([TRUSTING])
    role = site.client("iam").create_role(
        RoleName="waits", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    machines = site.client("stepfunctions")
    machines.update_state_machine(
        stateMachineArn=outputs["StateMachine"], definition=json.dumps(wait), roleArn=role
    )
    for number in (1, 2):
        machines.start_execution(
            stateMachineArn=outputs["StateMachine"], name=f"ff-RITM000000{number}", input="{}"
        )
    site.yes = False
    assert site.parts().deployment.destroy() is None
    runs = [each for each in site.asked if "execution" in each]
    assert "execution ff-RITM0000001, which is running" in runs
    assert runs[-1].startswith("2 executions are cut off.")
    told = machines.list_executions(stateMachineArn=outputs["StateMachine"])["executions"]
    assert {each["status"] for each in told} == {"RUNNING"}


def test_verify_asks_what_each_role_may_and_names_what_is_wrong(site: Site) -> None:
    configured = site.settings.model_copy(update={"notices": NOTICES})
    site.deploy(configured=configured)
    parts = site.parts(configured)

    def rights() -> dict[str, Finding]:
        found = parts.looking.verify(lambda: ())
        return {each.what: each for each in found if each.what.startswith("role of")}

    assert len(rights()) == len(FUNCTIONS)
    assert [each.said for each in rights().values() if not each.good] == []
    iam, functions = site.client("iam"), site.client("lambda")
    role = functions.get_function_configuration(FunctionName="FileFerry-AuthSSO")["Role"]
    one = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="more",
        PolicyDocument=json.dumps(policies.policy([one])),
    )
    role = functions.get_function_configuration(FunctionName="FileFerry-Cleanup")["Role"]
    iam.delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="own")
    wrong = {each.what: each.said for each in rights().values() if not each.good}
    assert set(wrong) == {"role of FileFerry-AuthSSO", "role of FileFerry-Cleanup"}
    assert "may s3:PutObject arn:aws:s3:::exports/" in wrong["role of FileFerry-AuthSSO"]
    assert "may not logs:PutLogEvents" in wrong["role of FileFerry-Cleanup"]
    assert "dynamodb" not in wrong["role of FileFerry-Cleanup"]


def test_a_ledger_that_is_there_is_taken_into_the_stack(site: Site) -> None:
    site.deploy()
    site.parts().deployment.destroy()
    site.asked.clear()
    done = site.deploy()
    taken = [each.resource for each in done.changes if each.action == "Import"]
    assert taken == ["Ledger"]
    assert len(site.asked) == 1
    assert "left as it is" in done.ledger


def test_nobody_speaks_to_the_queue_in_clear(site: Site) -> None:
    configured = site.settings
    real = configured.cloud.model_copy(update={"endpoint_url": None})
    order = site.order(configured=configured.model_copy(update={"cloud": real}))
    site.parts().deployment.deploy(order)
    queue = site.parts().deployment.outputs()["Queue"]
    with pytest.raises(ClientError) as refusal:
        site.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_a_stack_of_someone_else_is_named_and_left_alone(site: Site) -> None:
    zip_ = Zip(bucket=BUCKET, key="x.zip", runtime="python3.11", architecture="x86_64")
    text = as_text(template(site.settings, zip_))
    cloudformation = site.client("cloudformation")
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody=text,
        Capabilities=["CAPABILITY_IAM"],
    )
    for errand in (site.deploy, site.parts().deployment.destroy):
        with pytest.raises(FerryError) as caught:
            errand()
        assert caught.value.code is Code.DEPLOY_FOREIGN
        assert "REVIEW_IN_PROGRESS" in caught.value.message
    sets = cloudformation.list_change_sets(StackName=STACK)["Summaries"]
    assert [each["ChangeSetName"] for each in sets] == ["theirs"]


def test_a_stack_that_someone_else_has_half_made_is_named_with_what_is_in_it(site: Site) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "theirs"}}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Id": "all"}]}}
    half = {"Theirs": queue, "Fails": {**alarm, "DependsOn": "Theirs"}}
    site.client("cloudformation").create_stack(
        StackName=STACK, TemplateBody=json.dumps({"Resources": half}), OnFailure="DO_NOTHING"
    )
    parts = site.parts()
    for errand in (
        site.deploy,
        parts.deployment.destroy,
        lambda: parts.deployment.plan(site.order()),
    ):
        with pytest.raises(FerryError) as caught:
            errand()
        assert caught.value.code is Code.DEPLOY_FOREIGN
    assert "CREATE_FAILED" in caught.value.message
    assert "theirs" in caught.value.message
    assert site.client("sqs").get_queue_url(QueueName="theirs")["QueueUrl"]


@pytest.mark.parametrize(
    ("deploy", "words"),
    [
        ({"account": "111111111111"}, "account 000000000000"),
        ({"partition": "aws-cn"}, "of aws-cn"),
    ],
)
def test_another_account_or_partition_is_refused(
    site: Site, deploy: dict[str, str], words: str
) -> None:
    error = refused(site, **deploy)
    assert error.code is Code.DEPLOY_ELSEWHERE
    assert words in error.message
    assert site.stack is None


def test_another_region_is_refused(site: Site) -> None:
    configured = site.settings
    aws = configured.aws.model_copy(update={"region": "eu-west-1"})
    with pytest.raises(FerryError) as caught:
        site.deploy(configured=configured.model_copy(update={"aws": aws}))
    assert caught.value.code is Code.DEPLOY_ELSEWHERE
    assert "eu-central-1" in caught.value.message


def test_a_failed_first_try_tells_its_cause_and_the_next_one_completes(site: Site) -> None:
    order = site.order()
    # It makes no alarms by formula, which it finds out when half of the stack stands.
    order.template["Resources"]["LedgerAlarm"]["Properties"]["Metrics"] = [{"Id": "all"}]
    with pytest.raises(FerryError) as caught:
        site.parts().deployment.deploy(order)
    assert caught.value.code is Code.DEPLOY_FAILED
    assert "LedgerAlarm (AWS::CloudWatch::Alarm)" in caught.value.message
    assert site.stack
    assert site.stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert site.deploy().outputs
    assert "Take away what a first try has left" in site.told.stages


def test_what_bears_a_name_of_ours_is_told_and_left_alone(site: Site) -> None:
    logs = site.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/FileFerry-Cleanup")
    error = refused(site)
    assert error.code is Code.DEPLOY_FAILED
    assert "CleanupLog" in error.message
    assert logs.describe_log_groups()["logGroups"], "what is someone else's was deleted"
    logs.delete_log_group(logGroupName="/aws/lambda/FileFerry-Cleanup")
    assert site.deploy().outputs
    assert site.stack
    assert site.stack["StackStatus"] == "CREATE_COMPLETE"


def test_a_right_that_lacks_is_told_with_the_words_of_aws(site: Site) -> None:
    error = refused(site, bucket="of-nobody")
    assert error.code is Code.DEPLOY_REFUSED
    assert "of-nobody" in error.message


def test_check_names_what_somebody_changed_by_hand(site: Site) -> None:
    site.deploy()
    functions = site.client("lambda")
    functions.update_function_configuration(FunctionName="FileFerry-Cleanup", MemorySize=3000)
    other = site.order(version=2)
    functions.update_function_code(
        FunctionName="FileFerry-NotifyUser", ZipFile=other.zip.read_bytes()
    )
    found = [each for each in site.parts().looking.check(site.order()) if not each.good]
    told = {each.what: each.said for each in found}
    assert "MemorySize" in told["AWS::Lambda::Function FileFerry-Cleanup"]
    assert other.sha256[:12] in told["FileFerry-NotifyUser"]
