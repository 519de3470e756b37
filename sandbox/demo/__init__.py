"""`fileferry demo`: seven orders and what becomes of them; the door is `command`."""
