"""The ServiceNow adapters against odd answers, and against the simulator."""
