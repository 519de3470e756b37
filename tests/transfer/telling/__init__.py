"""What people read, whatever a requester or a server put into it."""
