"""A study on disk: its description, its ledger, and the state that follows from the ledger."""
