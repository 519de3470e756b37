"""The page of `fileferry report`."""
