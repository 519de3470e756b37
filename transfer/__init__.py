"""What a transfer is, and the rules that it obeys: values, policy, the eight steps; no I/O."""
