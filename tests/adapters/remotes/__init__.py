"""What the adapters of single protocols do beyond the suite that all of them share."""
