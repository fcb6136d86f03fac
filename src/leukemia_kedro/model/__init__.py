"""A fitted model: the object, its file, its card, its calls, the genes behind a call."""
