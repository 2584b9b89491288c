"""Schedulers: pure functions from a study's ledger to continue or stop."""
