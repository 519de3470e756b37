"""What a process of the tests would make anew at its first use, made for all of them."""

from __future__ import annotations

from adapters.ledger import codec
from config.settings import PollSettings, Settings

MADE = [form._adapter for form in vars(codec).values() if isinstance(form, codec.Form)]
Settings.model_rebuild()
PollSettings.model_rebuild()
