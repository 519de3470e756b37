"""What AWS calls: eight functions, one a step of the journey; nothing is decided here."""

from __future__ import annotations

from typing import Any

import transfer.steps as do
from cloud.environment import environment
from cloud.functions import function_of
from cloud.visit import Context, visit

Told = dict[str, Any]


def validate_input(event: object, context: Context) -> Told:
    return visit(function_of(do.validate_input), event, context, environment())


def auth_sso(event: object, context: Context) -> Told:
    return visit(function_of(do.auth_sso), event, context, environment())


def download_s3(event: object, context: Context) -> Told:
    return visit(function_of(do.download_s3), event, context, environment())


def transfer_ftp(event: object, context: Context) -> Told:
    return visit(function_of(do.transfer_ftp), event, context, environment())


def chunked_transfer(event: object, context: Context) -> Told:
    return visit(function_of(do.chunked_transfer), event, context, environment())


def update_servicenow(event: object, context: Context) -> Told:
    return visit(function_of(do.update_servicenow), event, context, environment())


def notify_user(event: object, context: Context) -> Told:
    return visit(function_of(do.notify_user), event, context, environment())


def cleanup(event: object, context: Context) -> Told:
    return visit(function_of(do.cleanup), event, context, environment())
