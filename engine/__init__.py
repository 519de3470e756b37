"""What carries a transfer through either door: its claim kept alive, its steps, its tickets."""
