"""A study on disk: what it is, its ledger, and the state that the ledger adds up to."""
