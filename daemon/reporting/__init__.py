"""The page of `fileferry report`: what the ledger tells, drawn; the door is `page`."""
