"""What people read: tickets and receipt.json; the doors are `notes`, `reports` and `notices`."""
