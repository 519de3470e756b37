"""What is read: approved work, standing approvals, the ECC queue; the door is `inbox`."""
