"""What people read: tickets and receipt.json; the doors are `notes` and `reports`."""
