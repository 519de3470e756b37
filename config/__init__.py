"""Every knob: the settings model, the logging set-up, the example file written from the model."""
