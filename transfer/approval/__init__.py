"""Who may: approvals, standing ones, grants, one item for one approval; the door is `policy`."""
