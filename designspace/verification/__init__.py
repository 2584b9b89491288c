"""Networks against what is known of them: parameters and multiply-adds, counted three ways."""

from designspace.verification.verify import Verification, Verified, verify

__all__ = ["Verification", "Verified", "verify"]
