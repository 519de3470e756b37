"""How the bytes get there, one file or many; the doors are `carrying` and `delivery`."""
