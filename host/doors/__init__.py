"""How agents call in: what each of them tells, which plugin events that is, and what it wants to hear."""
