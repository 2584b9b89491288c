"""Networks against their known numbers: parameters and multiply-adds, counted in three ways."""

from designspace.verification.verify import Verification, Verified, verify

__all__ = ["Verification", "Verified", "verify"]
